import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';

/**
 * Processes the messages of a batch one at a time, and reports to SQS which of them must be delivered again.
 *
 * @param onFailure called for each message that must be delivered again
 */
export async function consumeBatch(
  { Records }: SQSEvent,
  work: (body: string, message: SQSRecord) => Promise<void>,
  onFailure: (message: SQSRecord, error: unknown) => Promise<void> | void,
): Promise<SQSBatchResponse> {
  const batchItemFailures: SQSBatchResponse['batchItemFailures'] = [];
  for (const message of Records) {
    try {
      await work(message.body, message);
    } catch (error) {
      batchItemFailures.push({ itemIdentifier: message.messageId });
      await onFailure(message, error);
    }
  }
  return { batchItemFailures };
}
