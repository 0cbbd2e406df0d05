import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { type Blob, type ByteRange, type ReceivedBlob, createBlobFolder } from './storage/blob-folder.ts';
import type { ExpectedDigests } from './http/body-digests.ts';
import { type Bucket, type Change, type WriteConditions, createCatalogue } from './storage/catalogue.ts';
import { type CreatedObject, createdObject } from './created-object.ts';
import { currentOf } from './storage/bucket-index.ts';
import { readableVersion, versionOf } from './storage/find-version.ts';
import {
  type ListOptions,
  type ObjectPage,
  type VersionListOptions,
  type VersionPage,
  listObjects,
  listVersions,
} from './storage/listing.ts';
import { createMemoryBlobs } from './storage/memory-blobs.ts';
import { type MultipartUploads, createMultipartUploads } from './storage/multipart-uploads.ts';
import { requireKey } from './storage/object-key.ts';
import { type Description, type ObjectVersion, blobsOf } from './stored-version.ts';

export interface ObjectStoreProps {
  /**
   * Used only by this store, and by one process at a time. Without a folder, everything is in memory, for simulations.
   */
  readonly folder?: string;
  /** @default Date.now */
  readonly now?: () => number;
  /** Awaited once the object is durable and before the uploader gets an answer. If it throws, the object stays. */
  readonly onCreated?: (object: CreatedObject) => Promise<void>;
}

interface PutOptions extends Description, WriteConditions {
  readonly expected?: ExpectedDigests;
  /** @default 'PutObject' */
  readonly reason?: 'PutObject' | 'CopyObject' | 'PostObject';
}

export interface VersionOptions {
  /** `null` is the version from before the bucket had versioning. */
  readonly versionId?: string | undefined;
}

interface GetOptions extends VersionOptions {
  readonly range?: ByteRange;
}

interface Deleted {
  readonly versionId?: string;
  /** Whether the operation created or removed a delete marker. */
  readonly deleteMarker: boolean;
}

/**
 * S3 in a folder or in memory. Methods that only read the index return synchronously, and those that move bytes return
 * a promise. All of them throw S3Error: NoSuchBucket, NoSuchKey, NoSuchVersion, MethodNotAllowed (a read of a delete
 * marker), …
 */
export interface ObjectStore {
  readonly now: () => number;
  /** Creates a bucket if it doesn't exist. Can turn versioning on for an existing bucket, but not off. */
  createBucket(name: string, options?: { readonly versioned?: boolean }): void;
  /** @throws S3Error BucketNotEmpty, also if only old versions are left */
  deleteBucket(name: string): void;
  bucket(name: string): Bucket;
  buckets(): readonly Bucket[];
  /** @throws S3Error PreconditionFailed, BadDigest, KeyTooLongError, …; in each case, nothing is stored */
  put(bucket: string, key: string, body: AsyncIterable<Uint8Array>, options?: PutOptions): Promise<ObjectVersion>;
  head(bucket: string, key: string, options?: VersionOptions): ObjectVersion;
  get(bucket: string, key: string, options?: GetOptions): { readonly object: ObjectVersion; readonly body: Readable };
  /** Reads the bytes of an object that `head` returned. */
  read(object: ObjectVersion, range?: ByteRange): Readable;
  /** Reads a small object at once. */
  readNow(object: ObjectVersion): Buffer;
  /** Whether `head` would find the object. */
  has(bucket: string, key: string): boolean;
  list(bucket: string, options?: ListOptions): ObjectPage;
  listVersions(bucket: string, options?: VersionListOptions): VersionPage;
  setTags(bucket: string, key: string, tags: Readonly<Record<string, string>>, options?: VersionOptions): ObjectVersion;
  delete(bucket: string, key: string, options?: VersionOptions): Promise<Deleted>;
  readonly multipart: MultipartUploads;
}

export function createObjectStore({ folder, now = Date.now, onCreated }: ObjectStoreProps): ObjectStore {
  const blobs = folder === undefined ? createMemoryBlobs() : createBlobFolder(join(folder, 'blobs'));
  const catalogue = createCatalogue(folder, now);
  blobs.removeAllBut(catalogue.buckets().flatMap(({ index }) => [...index.all()].flatMap(blobsOf)));

  async function put(
    bucket: string,
    key: string,
    body: AsyncIterable<Uint8Array>,
    { reason = 'PutObject', expected = {}, ifNoneMatch, ifMatch, ...description }: PutOptions = {},
  ): Promise<ObjectVersion> {
    catalogue.bucket(bucket);
    requireKey(key);
    const received = await blobs.write(body, expected);
    const draft = { ...description, kind: 'object', key, ...contentOf(received) } as const;
    const commit = () => catalogue.put(bucket, draft, { ifNoneMatch, ifMatch });
    return announce(bucket, await orRemove(received.blob, commit), reason);
  }

  async function orRemove<T>(blob: Blob, commit: () => T): Promise<T> {
    try {
      return commit();
    } catch (error) {
      await blobs.remove([blob]);
      throw error;
    }
  }

  async function announce(
    bucket: string,
    { version, replaced }: Change<ObjectVersion>,
    reason: CreatedObject['reason'],
  ): Promise<ObjectVersion> {
    await blobs.remove(replaced.flatMap(blobsOf));
    await onCreated?.(createdObject(bucket, version, reason));
    return version;
  }

  function head(bucket: string, key: string, { versionId }: VersionOptions = {}): ObjectVersion {
    return readableVersion(key, catalogue.bucket(bucket).index.find(key), versionId);
  }

  function read(object: ObjectVersion, range: ByteRange = { first: 0, last: object.size - 1 }): Readable {
    return blobs.read(object.blobs, range);
  }

  async function remove(bucket: string, key: string, { versionId }: VersionOptions = {}): Promise<Deleted> {
    const { index, versioned } = catalogue.bucket(bucket);
    requireKey(key);
    if (versioned && versionId === undefined) {
      const marker = catalogue.putDeleteMarker(bucket, key);
      return { deleteMarker: true, ...(marker.versionId && { versionId: marker.versionId }) };
    }
    const version = versionOf(index.find(key), versionId ?? 'null');
    if (version) catalogue.remove(bucket, version);
    if (version) await blobs.remove(blobsOf(version));
    return { deleteMarker: version?.kind === 'delete-marker', ...(versionId !== undefined && { versionId }) };
  }

  return {
    now,
    put,
    head,
    read,
    readNow: (object) => blobs.readNow(object.blobs),
    has: (bucket, key) => currentOf(catalogue.bucket(bucket).index.find(key)) !== undefined,
    delete: remove,
    createBucket: (name, { versioned = false } = {}) => catalogue.createBucket(name, versioned),
    deleteBucket: (name) => catalogue.deleteBucket(name),
    bucket: (name) => withoutIndex(catalogue.bucket(name)),
    buckets: () => catalogue.buckets().map(withoutIndex),
    get: (bucket, key, { range, ...version } = {}) => {
      const object = head(bucket, key, version);
      return { object, body: read(object, range) };
    },
    list: (bucket, options = {}) => listObjects(catalogue.bucket(bucket).index, options),
    listVersions: (bucket, options = {}) => listVersions(catalogue.bucket(bucket).index, options),
    setTags: (bucket, key, tags, options) => {
      const version = { ...head(bucket, key, options), tags };
      catalogue.amend(bucket, version);
      return version;
    },
    multipart: createMultipartUploads({ blobs, catalogue, announce, now }),
  };
}

function withoutIndex({ name, versioned, created }: Bucket): Bucket {
  return { name, versioned, created };
}

function contentOf({ blob, md5, checksum }: ReceivedBlob): Pick<ObjectVersion, 'size' | 'etag' | 'blobs' | 'checksum'> {
  return {
    size: blob.size,
    etag: md5,
    blobs: [blob],
    ...(checksum && { checksum: { ...checksum, type: 'FULL_OBJECT' } }),
  };
}
