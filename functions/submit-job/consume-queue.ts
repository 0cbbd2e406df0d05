import { ChangeMessageVisibilityCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { Clock } from '../platform/clock.ts';
import { toError } from '../platform/errors.ts';
import type { Telemetry } from '../platform/observability.ts';
import { consumeBatch } from '../platform/queue-batch.ts';
import { type Ignored, isIgnored } from '../run/ignored.ts';
import { type AnnouncedUpload, uploadIn } from '../run/upload.ts';
import { TryLaterError } from './errors.ts';

/** The uploads queue. */
export interface UploadsQueue {
  readonly sqs: SQSClient;
  readonly url: string;
  readonly ignored: Ignored;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** Submits the uploads of a batch, one at a time, and reports to SQS which messages must be delivered again. */
export async function consumeQueue(
  event: SQSEvent,
  queue: UploadsQueue,
  submit: (upload: AnnouncedUpload) => Promise<void>,
): Promise<SQSBatchResponse> {
  return await consumeBatch(
    event,
    async (body) => {
      const upload = uploadIn(body);
      if (!isIgnored(upload.key, queue.ignored)) await submit(upload);
    },
    (message, error) => returnMessage(message, error, queue),
  );
}

async function returnMessage(message: SQSRecord, error: unknown, queue: UploadsQueue): Promise<void> {
  const { log, count } = queue.telemetry;
  log.warn('the message returns to the queue', { error: toError(error) });
  // SQS's own age of the oldest message leaves out messages that were received more than three times.
  count('HeldSeconds', (queue.clock.now() - Number(message.attributes.SentTimestamp)) / 1000);
  // After an unexpected error, the message waits for its visibility timeout, because the error may repeat at once.
  if (!(error instanceof TryLaterError)) return count('UnexpectedError', 1);
  if (error.metric) count(error.metric, 1);
  await hideMessage(message.receiptHandle, error.inSeconds, queue);
}

/** The longest visibility timeout that SQS allows. */
const MAX_HIDDEN_SECONDS = 12 * 3600;

/** Sets when SQS delivers a message again. If that fails, its visibility timeout decides. */
async function hideMessage(
  receiptHandle: string,
  seconds: number,
  { sqs, url, telemetry: { log } }: UploadsQueue,
): Promise<void> {
  try {
    await sqs.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: url,
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: Math.min(MAX_HIDDEN_SECONDS, Math.max(0, Math.ceil(seconds))),
      }),
    );
  } catch (error) {
    log.warn('the message returns at the end of its visibility timeout', { error: toError(error) });
  }
}
