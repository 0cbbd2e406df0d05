import { sequencerOf } from './storage/catalogue.ts';
import type { ObjectVersion } from './stored-version.ts';

/** The content of an `Object Created` event of S3. */
export interface CreatedObject {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  /** 16 digits of uppercase hex. A later object has a greater value, even after a restart. */
  readonly sequencer: string;
  readonly reason: 'PutObject' | 'CompleteMultipartUpload' | 'CopyObject' | 'PostObject';
  readonly sourceIp: '127.0.0.1';
  readonly time: Date;
}

export function createdObject(bucket: string, version: ObjectVersion, reason: CreatedObject['reason']): CreatedObject {
  const { key, versionId, size, etag, lastModified } = version;
  return {
    bucket,
    key,
    ...(versionId && { versionId }),
    size,
    etag,
    sequencer: sequencerOf(version),
    reason,
    sourceIp: '127.0.0.1',
    time: lastModified,
  };
}
