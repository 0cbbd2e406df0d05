import { createHash } from 'node:crypto';
import { GetObjectCommand, type GetObjectCommandOutput, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { imageSize } from 'image-size';
import { type Failure, failure } from '../contract/failures.ts';
import type { Upload } from '../contract/schemas.ts';
import type { Model } from '../models/model.ts';
import { AwsUnavailableError } from '../platform/errors.ts';
import type { AnnouncedUpload } from '../run/upload.ts';
import { TryLaterError } from './errors.ts';

/** What S3 returned for the upload. */
export type FoundObject =
  | {
      readonly kind: 'image';
      readonly bytes: Uint8Array;
      readonly upload: Upload;
      readonly metadata: Record<string, string>;
    }
  /** There is no image. This is not the image's fault. */
  | { readonly kind: 'gone'; readonly failure: Failure; readonly upload: Upload }
  | { readonly kind: 'unusable'; readonly failure: Failure; readonly upload: Upload };

/** The images that a model accepts. */
type ImageLimits = Model['image'];

/**
 * Reads the announced version, and no more bytes than allowed. Checks that it is an image.
 *
 * @param limitsFor returns the limits of the model that the object's user metadata names
 */
export async function readImage(
  announced: AnnouncedUpload,
  s3: S3Client,
  limitsFor: (metadata: Record<string, string>) => ImageLimits,
): Promise<FoundObject> {
  const upload = toUpload(announced);
  if (announced.isDeleted) return { kind: 'gone', failure: deleted(), upload };
  let object: GetObjectCommandOutput;
  try {
    object = await s3.send(new GetObjectCommand(getRequest(announced)));
  } catch (error) {
    const gone = whyGone(error);
    if (gone) return { kind: 'gone', failure: gone, upload };
    const unreadable = whyUnreadable(error);
    if (unreadable) return { kind: 'unusable', failure: unreadable, upload };
    const isRefused = error instanceof AwsUnavailableError && error.isRefusal;
    throw isRefused ? new TryLaterError(`S3 refuses to give the upload: ${error.message}`, REFUSED_SECONDS) : error;
  }
  const { ContentLength: size = 0, Body, Metadata = {} } = object;
  const { maxBytes, contentTypes } = limitsFor(Metadata);
  const sized = { ...upload, bytes: size };
  const wrongSize = whyWrongSize(size, maxBytes);
  if (wrongSize || !Body) {
    await Body?.transformToWebStream().cancel();
    return { kind: 'unusable', failure: wrongSize ?? failure('empty', 'the file is empty'), upload: sized };
  }
  const bytes = await Body.transformToByteArray();
  const hashed = { ...sized, sha256: createHash('sha256').update(bytes).digest('hex') };
  const contentType = detectContentType(bytes);
  if (contentType === undefined || !contentTypes.includes(contentType))
    return { kind: 'unusable', failure: describeNotAnImage(bytes), upload: hashed };
  return { kind: 'image', bytes, upload: { ...hashed, contentType }, metadata: Metadata };
}

export function toUpload({ bucket, key, versionId }: AnnouncedUpload): Upload {
  return { bucket, key, versionId };
}

function getRequest({ bucket, key, versionId, etag }: AnnouncedUpload) {
  const pinned = versionId === undefined ? { IfMatch: `"${etag}"` } : { VersionId: versionId };
  return { Bucket: bucket, Key: key, ...pinned };
}

function deleted(): Failure {
  return failure('upload-deleted', 'the image was deleted before it was read');
}

/** S3 answers 405 to a request for a delete marker. */
function whyGone(error: unknown): Failure | undefined {
  if (!(error instanceof S3ServiceException)) return undefined;
  const status = error.$metadata.httpStatusCode;
  const isMissing =
    ['NoSuchKey', 'NoSuchVersion', 'MethodNotAllowed'].includes(error.name) || status === 404 || status === 405;
  if (isMissing && error.name !== 'NoSuchBucket') return deleted();
  if (status === 412) return failure('upload-replaced', 'the image was replaced before it was read');
  return undefined;
}

/** S3 has the object, but nobody can read it as it is. */
function whyUnreadable(error: unknown): Failure | undefined {
  if (!(error instanceof S3ServiceException)) return undefined;
  if (error.name === 'InvalidObjectState')
    return {
      ...failure('not-an-image', 'the image is in an archive storage class, so it cannot be read'),
      hint: 'restore the object, or upload the image in another storage class',
    };
  if (error.name === 'InvalidRequest' && /server.side encryption/i.test(error.message))
    return {
      ...failure('not-an-image', 'the image is encrypted with a key of its uploader (SSE-C), so it cannot be read'),
      hint: 'upload the image again without a key of your own',
    };
  return undefined;
}

/** A policy or a KMS key is wrong. It may be the key of this upload only, so other uploads do not wait behind it. */
const REFUSED_SECONDS = 900;

function whyWrongSize(size: number, maxBytes: number): Failure | undefined {
  if (size === 0) return failure('empty', 'the file is empty');
  if (size <= maxBytes) return undefined;
  const [is, limit] = [size.toLocaleString('en'), maxBytes.toLocaleString('en')];
  return failure('too-large', `the file has ${is} bytes; at most ${limit} are allowed`);
}

const SIGNATURES = [
  { type: 'jpg', contentType: 'image/jpeg', signature: /^\xff\xd8\xff/ },
  { type: 'png', contentType: 'image/png', signature: /^\x89PNG\r\n\x1a\n/ },
  { type: 'webp', contentType: 'image/webp', signature: /^RIFF[^]{4}WEBP/ },
] as const;

/**
 * Detects the type from the bytes, never from the name or the declared type. Undefined unless the dimensions can be
 * read.
 */
function detectContentType(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.subarray(0, 16)).toString('latin1');
  const format = SIGNATURES.find(({ signature }) => signature.test(head));
  if (!format) return undefined;
  try {
    const { width, height, type } = imageSize(bytes);
    return type === format.type && width > 0 && height > 0 ? format.contentType : undefined;
  } catch {
    return undefined;
  }
}

const OTHER_FILES = [
  ['a GIF image', /^GIF8/],
  ['an SVG drawing', /^\s*<(\?xml|svg)/i],
  ['a PDF document', /^%PDF/],
  ['an AVIF or HEIC image', /^[^]{4}ftyp(avif|heic|heix|mif1)/],
  ['a TIFF image', /^(II\*\0|MM\0\*)/],
  ['a BMP image', /^BM/],
  ['a damaged JPEG, PNG or WebP image', /^(\xff\xd8\xff|\x89PNG|RIFF)/],
] as const;

function describeNotAnImage(bytes: Uint8Array): Failure {
  const head = Buffer.from(bytes.subarray(0, 64)).toString('latin1');
  const looksLike = OTHER_FILES.find(([, signature]) => signature.test(head))?.[0];
  const detail = looksLike ? `: it looks like ${looksLike}` : '';
  return failure('not-an-image', `the file is not a readable JPEG, PNG or WebP image${detail}`);
}
