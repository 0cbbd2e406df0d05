import { ChangeMessageVisibilityCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { errorOf } from '../platform/to-error.ts';
import type { Log } from '../platform/observability.ts';

/** Says when a message that is given back may be received again. */
export type GiveBack = (receiptHandle: string, inSeconds: number) => Promise<void>;

/** The longest that SQS hides a message. */
const LONGEST_SECONDS = 12 * 3600;

/** Never fails: without it the message comes back all the same, when its visibility timeout ends. */
export function createGiveBack(client: SQSClient, queueUrl: string, log: Log): GiveBack {
  return async (receiptHandle, inSeconds) => {
    const seconds = Math.min(LONGEST_SECONDS, Math.max(0, Math.ceil(inSeconds)));
    try {
      await client.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: queueUrl,
          ReceiptHandle: receiptHandle,
          VisibilityTimeout: seconds,
        }),
      );
    } catch (error) {
      log.warn('the message returns at its own time', { error: errorOf(error) });
    }
  };
}
