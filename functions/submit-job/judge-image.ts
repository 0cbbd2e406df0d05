import { type Failure, failure } from '../contract/failures.ts';
import type { Upload } from '../contract/schemas.ts';
import { whyNotAnImage } from '../images/describe-file.ts';
import { imageTypeOf } from '../images/image-type.ts';
import type { InspectImage } from '../images/inspect-image.ts';
import type { Model } from '../models/model.ts';
import { hasTemporaryName } from '../run/ignored.ts';

/** The images that a model accepts. */
export type ImageLimits = Model['image'];

/** What is known of the image, and why it cannot be used. */
interface Judged {
  readonly seen?: Pick<Upload, 'contentType' | 'width' | 'height'>;
  readonly failure?: Failure;
}

/** Judges an image by its bytes alone, and decodes all of it, so that nothing unreadable is paid for. */
export async function judgeImage(bytes: Uint8Array, limits: ImageLimits, inspect: InspectImage): Promise<Judged> {
  const type = imageTypeOf(bytes);
  if (!type || !limits.contentTypes.includes(type.contentType)) return { failure: notAnImage(bytes) };
  const { contentType, name } = type;
  const decoded = await inspect({ bytes, maxSide: limits.maxSide });
  switch (decoded.is) {
    case 'incomplete':
      return {
        seen: { contentType },
        failure: failure(
          'incomplete-image',
          `the ${name} image ends in the middle: probably not all of it was uploaded`,
        ),
      };
    case 'damaged':
      return {
        seen: { contentType },
        failure: advise(
          `the ${name} image is damaged: it cannot be decoded`,
          'open it, save it again, and upload that',
        ),
      };
    case 'arithmetic':
      return {
        seen: { contentType },
        failure: advise(
          'the JPEG image uses arithmetic coding, which few programs can read',
          'save it as a usual JPEG',
        ),
      };
    case 'image': {
      const { width, height } = decoded;
      const wrong = whyWrongSide({ width, height }, limits);
      return { seen: { contentType, width, height }, ...(wrong && { failure: wrong }) };
    }
  }
}

export function whyWrongSide(
  { width, height }: { readonly width: number; readonly height: number },
  { minSide, maxSide }: ImageLimits,
): Failure | undefined {
  const [w, h, most] = [width, height, maxSide].map((side) => side.toLocaleString('en'));
  const size = `the image has ${w} × ${h} pixels`;
  if (Math.min(width, height) < minSide)
    return failure('too-small', `${size}; each side must have at least ${minSide}`);
  if (Math.max(width, height) > maxSide)
    return failure('too-many-pixels', `${size}; each side can have at most ${most}`);
  return undefined;
}

function notAnImage(bytes: Uint8Array): Failure {
  const { reason, advice } = whyNotAnImage(bytes);
  return advice === undefined ? failure('not-an-image', reason) : advise(reason, advice);
}

function advise(reason: string, hint: string): Failure {
  return { ...failure('not-an-image', reason), hint };
}

export function whyWrongSize(size: number, maxBytes: number): Failure | undefined {
  if (size === 0) return failure('empty', 'the file is empty');
  if (size <= maxBytes) return undefined;
  const [is, limit] = [size.toLocaleString('en'), maxBytes.toLocaleString('en')];
  return failure('too-large', `the file has ${is} bytes; at most ${limit} are allowed`);
}

/** A file that is still being transferred is not paid for. */
export function whyTemporary(key: string): Failure | undefined {
  if (!hasTemporaryName(key)) return undefined;
  return failure('temporary-name', 'the name is one that programs give to a file during a transfer');
}
