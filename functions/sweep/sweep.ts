import { GetQueueAttributesCommand, type QueueAttributeName } from '@aws-sdk/client-sqs';
import { toError } from '../platform/errors.ts';
import type { Handle } from '../platform/observability.ts';
import { returnDeadReports, returnDeadUploads } from './return-dead-letters.ts';
import { createSweeping, type QueueState, type Sweeping } from './sweeping.ts';
import { walkUploads } from './walk-uploads.ts';

/**
 * Puts back what was lost: dead letters, uploads whose event never arrived, runs that do not progress, and ends that
 * were not reported. It ends, announces and pays for nothing itself. SubmitJob and ReportFailure do that, and read the
 * record first.
 */
export function createSweep(...composition: Parameters<typeof createSweeping>): Handle<unknown, void> {
  const sweeping = createSweeping(...composition);
  return (_, context) => sweep({ ...sweeping, remainingMs: () => context.getRemainingTimeInMillis() });
}

export async function sweep(sweeping: Sweeping): Promise<void> {
  const walk = async () => await walkUploads(await readQueueState(sweeping), sweeping);
  const parts = Object.entries({ returnDeadUploads, returnDeadReports, walk });
  let failed: unknown;
  for (const [name, part] of parts) {
    // If one part fails, the others still run.
    await part(sweeping).catch((error: unknown) => {
      sweeping.telemetry.log.error('a part of the sweep failed', { part: name, error: toError(error) });
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

async function readQueueState({ sqs, queueUrls }: Sweeping): Promise<QueueState> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrls.uploads, AttributeNames: ATTRIBUTES }),
  );
  const [createdAt = 0, waiting = 0, held = 0] = ATTRIBUTES.map((name) => Number(Attributes[name] ?? 0));
  return { createdAt: createdAt * 1000, isBehind: waiting + held > 0 };
}
