import { GetQueueAttributesCommand, type QueueAttributeName } from '@aws-sdk/client-sqs';
import { errorOf } from '../platform/to-error.ts';
import { reportDeadReports, returnDeadUploads } from './return-dead-letters.ts';
import type { QueueState, SweepTools } from './sweep-tools.ts';
import { walkUploads } from './walk-uploads.ts';

/**
 * Puts back on its way what was lost there, or reports it: dead letters, uploads whose event never came, runs that stand
 * still, answers that were cut short. Safe to repeat and beside everything else: it pays for nothing, and SubmitJob, to
 * which it hands uploads, reads the record before anything else.
 */
export async function sweep(tools: SweepTools): Promise<void> {
  const walk = async () => await walkUploads(await queueState(tools), tools);
  const parts = Object.entries({ returnDeadUploads, reportDeadReports, walk });
  let failed: unknown;
  for (const [name, part] of parts) {
    // One queue that can not be read is no reason to leave the rest lying.
    await part(tools).catch((error: unknown) => {
      tools.log.error('a part of the sweep failed', { part: name, error: errorOf(error) });
      failed = error;
    });
  }
  if (failed !== undefined) throw failed;
}

const ATTRIBUTES: QueueAttributeName[] = [
  'CreatedTimestamp',
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
];

async function queueState({ sqs, queueUrls }: SweepTools): Promise<QueueState> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrls.uploads, AttributeNames: ATTRIBUTES }),
  );
  const [createdAt = 0, waiting = 0, held = 0] = ATTRIBUTES.map((name) => Number(Attributes[name] ?? 0));
  return { createdAt: createdAt * 1000, isBehind: waiting + held > 0 };
}
