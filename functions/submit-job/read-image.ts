import { createHash } from 'node:crypto';
import { GetObjectCommand, type GetObjectCommandOutput, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { type Failure, failure } from '../contract/failures.ts';
import type { Upload } from '../contract/schemas.ts';
import type { InspectImage } from '../images/inspect-image.ts';
import { AwsUnavailableError } from '../platform/errors.ts';
import type { AnnouncedUpload } from '../run/upload.ts';
import { TryLaterError } from './errors.ts';
import { type ImageLimits, judgeImage, whyWrongSize } from './judge-image.ts';

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
  | {
      readonly kind: 'unusable';
      readonly failure: Failure;
      readonly upload: Upload;
      readonly metadata?: Record<string, string>;
    };

/**
 * Reads the announced version, and no more bytes than allowed. Checks that it is an image that can be decoded.
 *
 * @param limitsFor returns the limits of the model that the object's user metadata names
 */
export async function readImage(
  announced: AnnouncedUpload,
  { s3, inspect }: { readonly s3: S3Client; readonly inspect: InspectImage },
  limitsFor: (metadata: Record<string, string>) => ImageLimits,
): Promise<FoundObject> {
  const upload = toUpload(announced);
  if (announced.isDeleted) return { kind: 'gone', failure: deleted(), upload };
  inspect.prepare?.();
  let object: GetObjectCommandOutput;
  try {
    object = await s3.send(new GetObjectCommand(getRequest(announced)));
  } catch (error) {
    const gone = whyGone(error);
    if (gone) return { kind: 'gone', failure: gone, upload };
    const unreadable = whyUnreadable(error);
    if (unreadable) return { kind: 'unusable', failure: unreadable, upload };
    const isRefused = error instanceof AwsUnavailableError && error.isRefusal;
    if (!isRefused) throw error;
    throw new TryLaterError(`S3 refuses to give the upload: ${error.message}`, REFUSED_SECONDS, 'UploadRefused');
  }
  const { ContentLength: size = 0, Body, Metadata = {} } = object;
  const limits = limitsFor(Metadata);
  const sized = { ...upload, bytes: size };
  const wrongSize = whyWrongSize(size, limits.maxBytes);
  if (wrongSize || !Body) {
    await Body?.transformToWebStream().cancel();
    return { kind: 'unusable', failure: wrongSize ?? failure('empty', 'the file is empty'), upload: sized };
  }
  const bytes = await Body.transformToByteArray();
  const hashed = { ...sized, sha256: createHash('sha256').update(bytes).digest('hex') };
  const { seen, failure: problem } = await judgeImage(bytes, limits, inspect);
  const judged = { ...hashed, ...seen };
  if (problem) return { kind: 'unusable', failure: problem, upload: judged, metadata: Metadata };
  return { kind: 'image', bytes, upload: judged, metadata: Metadata };
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
