import * as z from 'zod';
import { runIdOf, type Upload } from './upload.ts';

/** An image as the "Object Created" event announces it. */
export interface AnnouncedUpload {
  readonly bucket: string;
  /** Plain text: EventBridge, unlike S3's own notifications, encodes nothing. */
  readonly key: string;
  /** Absent where the bucket has no versioning. */
  readonly versionId?: string;
  /** Without quotes. Pins the bytes where no version does. */
  readonly etag: string;
  /** Orders the writes to one key; stands in for a version where there is none. */
  readonly sequencer: string;
}

const objectCreated = z.object({
  detail: z.object({
    bucket: z.object({ name: z.string() }),
    object: z.object({
      key: z.string().min(1),
      etag: z.string(),
      'version-id': z.string().optional(),
      sequencer: z.string(),
    }),
  }),
});

/**
 * The upload in a queue message's body: EventBridge's envelope around S3's event.
 *
 * @throws when it is anything else
 */
export function uploadIn(body: string): AnnouncedUpload {
  const { bucket, object } = objectCreated.parse(JSON.parse(body)).detail;
  const { key, etag, sequencer, 'version-id': versionId } = object;
  // Where versioning is suspended, every write is the version "null": that tells none apart.
  const isVersioned = versionId !== undefined && versionId !== 'null' && versionId !== '';
  return { bucket: bucket.name, key, etag, sequencer, ...(isVersioned && { versionId }) };
}

/** The same version of the same key always has the same run. */
export function runIdOfUpload({ bucket, key, versionId, sequencer }: AnnouncedUpload): string {
  return runIdOf({ bucket, key, version: versionId ?? sequencer });
}

/**
 * The message that puts an upload on its way again. Its bytes are pinned by the version alone: in a bucket without
 * versioning only S3's own announcement can do that.
 */
export function uploadMessage({
  bucket,
  key,
  versionId,
}: Required<Pick<Upload, 'bucket' | 'key' | 'versionId'>>) {
  return JSON.stringify({
    source: 'aws.s3',
    'detail-type': 'Object Created',
    detail: { bucket: { name: bucket }, object: { key, 'version-id': versionId, etag: '', sequencer: '' } },
  });
}
