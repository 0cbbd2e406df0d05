import { createHash, randomUUID } from 'node:crypto';
import type { Blob, BlobFolder } from './blob-folder.ts';
import { type ExpectedDigests, requireChecksum } from '../http/body-digests.ts';
import type { Catalogue, Change, ObjectDraft, WriteConditions } from './catalogue.ts';
import { type Checksum, base64, compositeChecksum, createChecksum } from './checksum.ts';
import type { CreatedObject } from '../created-object.ts';
import {
  type ListedPart,
  type Part,
  type Upload,
  type UploadName,
  type UploadOptions,
  choosePartsOf,
} from './multipart-parts.ts';
import { requireKey } from './object-key.ts';
import { S3Error } from '../s3-error.ts';
import type { ObjectVersion } from '../stored-version.ts';

interface CompleteOptions extends WriteConditions {
  /** The checksum of the whole object, if the client sends it. */
  readonly checksum?: string | undefined;
}

/**
 * Uploads exist only until the process ends. After a restart, they return NoSuchUpload and their parts are removed from
 * disk.
 */
export interface MultipartUploads {
  create(bucket: string, key: string, options?: UploadOptions): string;
  /** @throws S3Error NoSuchUpload */
  find(name: UploadName): Upload;
  uploadPart(
    name: UploadName,
    number: number,
    body: AsyncIterable<Uint8Array>,
    expected?: ExpectedDigests,
  ): Promise<Part>;
  /** @throws S3Error InvalidPart, InvalidPartOrder, EntityTooSmall, BadDigest, PreconditionFailed; the upload stays */
  complete(name: UploadName, parts: readonly ListedPart[], options?: CompleteOptions): Promise<ObjectVersion>;
  abort(name: UploadName): Promise<void>;
}

interface MultipartProps {
  readonly blobs: BlobFolder;
  readonly catalogue: Catalogue;
  readonly announce: (
    bucket: string,
    change: Change<ObjectVersion>,
    reason: CreatedObject['reason'],
  ) => Promise<ObjectVersion>;
  readonly now: () => number;
}

export function createMultipartUploads({ blobs, catalogue, announce, now }: MultipartProps): MultipartUploads {
  const uploads = new Map<string, Upload & { readonly parts: Map<number, Part> }>();

  function find({ bucket, key, uploadId }: UploadName): Upload & { readonly parts: Map<number, Part> } {
    catalogue.bucket(bucket);
    const upload = uploads.get(uploadId);
    if (upload?.bucket === bucket && upload.key === key) return upload;
    throw new S3Error('NoSuchUpload', 'The specified upload does not exist, or was aborted or completed.');
  }

  async function draftOf({ key, options }: Upload, parts: readonly Part[]): Promise<ObjectDraft> {
    const { checksum: wanted, ...description } = options;
    const checksum = wanted && (await checksumOf(wanted, parts));
    return {
      ...description,
      kind: 'object',
      key,
      size: sizeOf(parts),
      etag: etagOf(parts),
      blobs: parts.map(({ blob }) => blob),
      ...(checksum && { checksum }),
    };
  }

  async function checksumOf(wanted: Pick<Checksum, 'algorithm' | 'type'>, parts: readonly Part[]): Promise<Checksum> {
    if (wanted.type === 'COMPOSITE')
      return compositeChecksum(
        wanted.algorithm,
        parts.flatMap(({ checksum }) => checksum?.value ?? []),
      );
    const whole = createChecksum(wanted.algorithm);
    const range = { first: 0, last: sizeOf(parts) - 1 };
    const body: AsyncIterable<Buffer> = blobs.read(
      parts.map(({ blob }) => blob),
      range,
    );
    for await (const bytes of body) whole.update(bytes);
    return { ...wanted, value: base64(await whole.digest()) };
  }

  function create(bucket: string, key: string, options: UploadOptions = {}): string {
    catalogue.bucket(bucket);
    requireKey(key);
    const uploadId = randomUUID();
    uploads.set(uploadId, { bucket, key, options, parts: new Map() });
    return uploadId;
  }

  const completed = new Map<string, ObjectVersion>();

  async function uploadPart(
    name: UploadName,
    number: number,
    body: AsyncIterable<Uint8Array>,
    expected: ExpectedDigests = {},
  ): Promise<Part> {
    const { options, parts } = find(name);
    const { blob, md5, checksum } = await blobs.write(body, withChecksumOf(options, expected));
    const part = { number, blob, etag: md5, lastModified: new Date(now()), ...(checksum && { checksum }) };
    const isOpen = uploads.has(name.uploadId); // false if it was aborted or completed while the bytes arrived
    const unwanted = isOpen ? parts.get(number) : part;
    if (isOpen) parts.set(number, part);
    if (unwanted) await blobs.remove([unwanted.blob]);
    find(name);
    return part;
  }

  async function complete(
    name: UploadName,
    listed: readonly ListedPart[],
    { checksum: expected, ...conditions }: CompleteOptions = {},
  ): Promise<ObjectVersion> {
    // A client that lost the answer asks again, and S3 gives the same answer for a while.
    const done = completed.get(name.uploadId);
    if (done?.key === name.key) return done;
    const upload = find(name);
    const parts = choosePartsOf(upload, listed);
    const draft = await draftOf(upload, parts);
    if (draft.checksum) requireChecksum(draft.checksum.algorithm, expected, draft.checksum.value);
    // Nothing is awaited from here to the deletion, so only one of two completions succeeds, and no part changes.
    find(name);
    if (parts.some((part) => upload.parts.get(part.number) !== part))
      throw new S3Error('InvalidPart', 'A part was uploaded again while the upload was being completed.');
    const change = catalogue.put(name.bucket, draft, conditions);
    uploads.delete(name.uploadId);
    completed.set(name.uploadId, change.version);
    await blobs.remove(blobsBeside(upload, parts));
    return announce(name.bucket, change, 'CompleteMultipartUpload');
  }

  async function abort(name: UploadName): Promise<void> {
    const upload = find(name);
    uploads.delete(name.uploadId);
    await blobs.remove(blobsBeside(upload, []));
  }

  return { find, create, uploadPart, complete, abort };
}

/** Computes the checksum of a part with the algorithm of the upload, even if the client sends none. */
function withChecksumOf({ checksum: wanted }: UploadOptions, expected: ExpectedDigests): ExpectedDigests {
  if (!wanted) return expected;
  if (!expected.checksum) return { ...expected, checksum: { algorithm: wanted.algorithm } };
  if (expected.checksum.algorithm === wanted.algorithm) return expected;
  throw new S3Error(
    'InvalidRequest',
    `The checksum algorithm of the upload is ${wanted.algorithm}, and that of the part is ${expected.checksum.algorithm}`,
  );
}

function blobsBeside({ parts }: Upload, kept: readonly Part[]): Blob[] {
  return [...parts.values()].filter((part) => !kept.includes(part)).map(({ blob }) => blob);
}

function sizeOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { blob }) => sum + blob.size, 0);
}

/** Computes the S3 ETag of a multipart object: the MD5 of the MD5s of the parts, and the number of parts. */
function etagOf(parts: readonly Part[]): string {
  const md5 = createHash('md5');
  for (const { etag } of parts) md5.update(etag, 'hex');
  return `${md5.digest('hex')}-${parts.length}`;
}
