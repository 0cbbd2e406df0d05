import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { SweepTools } from './sweep-tools.ts';

/** Hands an upload to SubmitJob once more. */
export async function sendUpload(
  runId: string,
  body: string,
  { sqs, queueUrls, count, log }: Pick<SweepTools, 'sqs' | 'queueUrls' | 'count' | 'log'>,
): Promise<void> {
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrls.uploads, MessageBody: body }));
  count('PutBack', 1);
  log.warn('put back on its way', { runId });
}
