import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';

/**
 * Works through the messages of a batch, one after the other, and tells the queue which of them to keep.
 *
 * @param onFailure told of each message that has to come back
 */
export async function consumeBatch(
  { Records }: SQSEvent,
  work: (body: string) => Promise<void>,
  onFailure: (message: SQSRecord, error: unknown) => Promise<void> | void,
): Promise<SQSBatchResponse> {
  const batchItemFailures: SQSBatchResponse['batchItemFailures'] = [];
  for (const message of Records) {
    try {
      await work(message.body);
    } catch (error) {
      batchItemFailures.push({ itemIdentifier: message.messageId });
      await onFailure(message, error);
    }
  }
  return { batchItemFailures };
}
