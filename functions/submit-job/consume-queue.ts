import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import type { Count, Log } from '../platform/observability.ts';
import { errorOf } from '../platform/to-error.ts';
import { TryLaterError } from '../platform/errors.ts';
import { isIgnored } from '../run/upload.ts';
import { type AnnouncedUpload, uploadIn } from '../run/upload-message.ts';
import type { GiveBack } from './give-back.ts';

export interface QueueTools {
  readonly ignorePrefixes: readonly string[];
  readonly giveBack: GiveBack;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly count: Count;
  readonly log: Log;
}

/** Hands every upload of a batch on, one after the other, and tells the queue which messages have to come back. */
export async function eachUpload(
  { Records }: SQSEvent,
  { ignorePrefixes, giveBack, now, count, log }: QueueTools,
  work: (upload: AnnouncedUpload) => Promise<void>,
): Promise<SQSBatchResponse> {
  const batchItemFailures: SQSBatchResponse['batchItemFailures'] = [];
  for (const { messageId, receiptHandle, body, attributes } of Records) {
    try {
      const upload = uploadIn(body);
      if (!isIgnored(upload.key, ignorePrefixes)) await work(upload);
    } catch (error) {
      log.warn('the message returns to the queue', { error: errorOf(error) });
      // The queue's own age of its oldest message leaves out what was received more than three times.
      count('HeldSeconds', (now() - Number(attributes.SentTimestamp)) / 1000);
      // An unexpected error leaves the message to the visibility timeout: it may be the same again at once.
      if (error instanceof TryLaterError) await giveBack(receiptHandle, error.inSeconds);
      else count('UnexpectedError', 1);
      batchItemFailures.push({ itemIdentifier: messageId });
    }
  }
  return { batchItemFailures };
}
