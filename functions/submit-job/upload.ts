import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import type { Log } from '../shared/observed.ts';
import { errorOf } from '../shared/error-of.ts';
import { TryLaterError } from '../shared/errors.ts';
import { isIgnored } from '../shared/run.ts';
import { type AnnouncedUpload, uploadIn } from '../shared/upload-message.ts';
import type { GiveBack } from './give-back.ts';

export interface QueueTools {
  readonly ignorePrefixes: readonly string[];
  readonly log: Log;
  readonly giveBack: GiveBack;
}

/** Hands every upload of a batch on, one after the other, and tells the queue which messages have to come back. */
export async function eachUpload(
  { Records }: SQSEvent,
  { ignorePrefixes, log, giveBack }: QueueTools,
  work: (upload: AnnouncedUpload) => Promise<void>,
): Promise<SQSBatchResponse> {
  const batchItemFailures: SQSBatchResponse['batchItemFailures'] = [];
  for (const { messageId, receiptHandle, body } of Records) {
    try {
      const upload = uploadIn(body);
      if (!isIgnored(upload.key, ignorePrefixes)) await work(upload);
    } catch (error) {
      log.warn('the message returns to the queue', { error: errorOf(error) });
      // An unexpected error leaves the message to the visibility timeout: it may be the same again at once.
      if (error instanceof TryLaterError) await giveBack(receiptHandle, error.inSeconds);
      batchItemFailures.push({ itemIdentifier: messageId });
    }
  }
  return { batchItemFailures };
}
