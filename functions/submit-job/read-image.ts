import { createHash } from 'node:crypto';
import {
  GetObjectCommand,
  type GetObjectCommandOutput,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { imageSize } from 'image-size';
import { TryLaterError } from '../platform/errors.ts';
import { type Failure, failure } from '../contract/failures.ts';
import type { Upload } from '../run/upload.ts';
import type { AnnouncedUpload } from '../run/upload-message.ts';

/** Tripo's own limit for an input image. */
const LARGEST_BYTES = 20_000_000;

/** What was found where the upload should be. */
export type Found =
  | {
      readonly kind: 'image';
      readonly bytes: Uint8Array;
      readonly upload: Upload;
      readonly metadata: Record<string, string>;
    }
  /** Nothing to work on, and no fault of the image. */
  | { readonly kind: 'gone'; readonly failure: Failure; readonly upload: Upload }
  | { readonly kind: 'unusable'; readonly failure: Failure; readonly upload: Upload };

/** Reads exactly the announced version, never more than is allowed, and looks whether it is an image. */
export async function readImage(announced: AnnouncedUpload, s3: S3Client): Promise<Found> {
  const upload = uploadOf(announced);
  let object: GetObjectCommandOutput;
  try {
    object = await s3.send(new GetObjectCommand(requestOf(announced)));
  } catch (error) {
    const gone = goneBecause(error);
    if (gone) return { kind: 'gone', failure: gone, upload };
    throw isForbidden(error)
      ? new TryLaterError(`not allowed to read the upload: ${error.message}`, FORBIDDEN_SECONDS)
      : error;
  }
  const { ContentLength: size = 0, Body, Metadata = {} } = object;
  const sized = { ...upload, bytes: size };
  const wrongSize = wrongSizeOf(size);
  if (wrongSize || !Body) {
    await Body?.transformToWebStream().cancel();
    return { kind: 'unusable', failure: wrongSize ?? failure('empty', 'the file is empty'), upload: sized };
  }
  const bytes = await Body.transformToByteArray();
  const hashed = { ...sized, sha256: createHash('sha256').update(bytes).digest('hex') };
  const contentType = imageTypeOf(bytes);
  if (contentType === undefined) return { kind: 'unusable', failure: notAnImage(bytes), upload: hashed };
  return { kind: 'image', bytes, upload: { ...hashed, contentType }, metadata: Metadata };
}

export function uploadOf({ bucket, key, versionId }: AnnouncedUpload): Upload {
  return { bucket, key, versionId };
}

function requestOf({ bucket, key, versionId, etag }: AnnouncedUpload) {
  const pinned = versionId === undefined ? { IfMatch: `"${etag}"` } : { VersionId: versionId };
  return { Bucket: bucket, Key: key, ...pinned };
}

/** 405 is S3's answer to reading a delete marker. */
function goneBecause(error: unknown): Failure | undefined {
  if (!(error instanceof S3ServiceException)) return undefined;
  const status = error.$metadata.httpStatusCode;
  const isMissing =
    ['NoSuchKey', 'NoSuchVersion', 'MethodNotAllowed'].includes(error.name) ||
    status === 404 ||
    status === 405;
  if (isMissing && error.name !== 'NoSuchBucket')
    return failure('upload-deleted', 'the image was deleted before its turn came');
  if (status === 412) return failure('upload-replaced', 'the image was replaced before its turn came');
  return undefined;
}

/** It may be this upload's own key alone, so the others do not wait behind it. */
const FORBIDDEN_SECONDS = 900;

/** A policy or a key is wrong: worth waiting until somebody mends it. What lies in an archive never mends itself. */
function isForbidden(error: unknown): error is S3ServiceException {
  return (
    error instanceof S3ServiceException &&
    error.$metadata.httpStatusCode === 403 &&
    error.name !== 'InvalidObjectState'
  );
}

function wrongSizeOf(size: number): Failure | undefined {
  if (size === 0) return failure('empty', 'the file is empty');
  if (size <= LARGEST_BYTES) return undefined;
  const [is, limit] = [size.toLocaleString('en'), LARGEST_BYTES.toLocaleString('en')];
  return failure('too-large', `the file has ${is} bytes; at most ${limit} are allowed`);
}

const SIGNATURES = [
  { type: 'jpg', contentType: 'image/jpeg', signature: /^\xff\xd8\xff/ },
  { type: 'png', contentType: 'image/png', signature: /^\x89PNG\r\n\x1a\n/ },
  { type: 'webp', contentType: 'image/webp', signature: /^RIFF[^]{4}WEBP/ },
] as const;

/** By the bytes, never by the name or the declared type. Undefined unless its dimensions can be read. */
function imageTypeOf(bytes: Uint8Array): string | undefined {
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

function notAnImage(bytes: Uint8Array): Failure {
  const head = Buffer.from(bytes.subarray(0, 64)).toString('latin1');
  const looksLike = OTHER_FILES.find(([, signature]) => signature.test(head))?.[0];
  const seen = looksLike ? `: it looks like ${looksLike}` : '';
  return failure('not-an-image', `the file is not a readable JPEG, PNG or WebP image${seen}`);
}
