import type { Blob } from './storage/blob-folder.ts';
import type { Checksum } from './storage/checksum.ts';

/** The headers that S3 stores with an object and returns with it. */
export interface StoredHeaders {
  readonly contentType?: string;
  readonly contentDisposition?: string;
  readonly cacheControl?: string;
  readonly contentEncoding?: string;
  readonly contentLanguage?: string;
  readonly expires?: string;
}

/** What the uploader states about an object. */
export interface Description extends StoredHeaders {
  /** `x-amz-meta-…`: lowercase names without the prefix, and values as they are in the header. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
}

interface Version {
  readonly key: string;
  /** Absent in a bucket without versioning, where S3 writes `null`. */
  readonly versionId?: string;
  /** Counts all versions in the store, so a higher number is newer. */
  readonly sequence: number;
  readonly lastModified: Date;
}

export interface ObjectVersion extends Version, Description {
  readonly kind: 'object';
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  readonly checksum?: Checksum;
  /** One blob, or the parts of a multipart object in order. */
  readonly blobs: readonly Blob[];
}

export interface DeleteMarker extends Version {
  readonly kind: 'delete-marker';
}

export type StoredVersion = ObjectVersion | DeleteMarker;

export function blobsOf(version: StoredVersion): readonly Blob[] {
  return version.kind === 'object' ? version.blobs : [];
}
