import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import * as z from 'zod';
import type { Log } from '../shared/observed.ts';
import { isIgnored } from '../shared/run.ts';
import { errorOf } from '../shared/error-of.ts';

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

/** The upload in a queue message's body: EventBridge's envelope around S3's event. */
function uploadIn(body: string): AnnouncedUpload {
  const { bucket, object } = objectCreated.parse(JSON.parse(body)).detail;
  const { key, etag, sequencer, 'version-id': versionId } = object;
  // Where versioning is suspended, every write is the version "null": that tells none apart.
  const isVersioned = versionId !== undefined && versionId !== 'null' && versionId !== '';
  return { bucket: bucket.name, key, etag, sequencer, ...(isVersioned && { versionId }) };
}

/** Hands every upload of a batch on, one after the other, and tells the queue which messages have to come back. */
export async function eachUpload(
  { Records }: SQSEvent,
  ignorePrefixes: readonly string[],
  log: Log,
  work: (upload: AnnouncedUpload) => Promise<void>,
): Promise<SQSBatchResponse> {
  const batchItemFailures: SQSBatchResponse['batchItemFailures'] = [];
  for (const { messageId, body } of Records) {
    try {
      const upload = uploadIn(body);
      if (!isIgnored(upload.key, ignorePrefixes)) await work(upload);
    } catch (error) {
      log.warn('the message returns to the queue', {
        error: errorOf(error),
      });
      batchItemFailures.push({ itemIdentifier: messageId });
    }
  }
  return { batchItemFailures };
}
