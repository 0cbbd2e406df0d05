import type { Blob } from './blob-folder.ts';
import type { Checksum } from './checksum.ts';

/** The headers that S3 keeps with an object and gives back with it. */
export interface StoredHeaders {
  readonly contentType?: string;
  readonly contentDisposition?: string;
  readonly cacheControl?: string;
  readonly contentEncoding?: string;
  readonly contentLanguage?: string;
  readonly expires?: string;
}

/** What the uploader says about an object. */
export interface Description extends StoredHeaders {
  /** `x-amz-meta-…`: lower-case names without the prefix, values as they travel in a header. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
}

interface Version {
  readonly key: string;
  /** Absent in a bucket without versioning, where S3 calls it `null`. */
  readonly versionId?: string;
  /** Counts every version of the store, so a higher one is newer. */
  readonly sequence: number;
  readonly lastModified: Date;
}

export interface ObjectVersion extends Version, Description {
  readonly kind: 'object';
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  readonly checksum?: Checksum;
  /** One, or a multipart object's parts in order. */
  readonly blobs: readonly Blob[];
}

export interface DeleteMarker extends Version {
  readonly kind: 'delete-marker';
}

export type StoredVersion = ObjectVersion | DeleteMarker;

export function blobsOf(version: StoredVersion): readonly Blob[] {
  return version.kind === 'object' ? version.blobs : [];
}
