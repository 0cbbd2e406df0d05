import { sequencerOf } from './catalogue.ts';
import type { ObjectVersion } from './stored-version.ts';

/** What S3 says in its `Object Created` event. */
export interface CreatedObject {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  /** Upper-case hex, 16 digits; a later one is greater, also after a restart. */
  readonly sequencer: string;
  readonly reason: 'PutObject' | 'CompleteMultipartUpload' | 'CopyObject';
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
