import { join } from 'node:path';
import { openQueue, type Queue } from './sqs/queue.ts';
import type { Template } from './template.ts';

/** The template's queues by their ARN. Dead-letter queues come first, so that the others can point to them. */
export async function openQueues(
  { queues }: Template,
  data: string,
  speed: number,
): Promise<ReadonlyMap<string, Queue>> {
  const opened = new Map<string, Queue>();
  const sorted = [...queues].sort(
    (a, b) =>
      Number(a.properties.RedrivePolicy !== undefined) - Number(b.properties.RedrivePolicy !== undefined),
  );
  for (const { name, attributes, properties } of sorted) {
    const arn = attributes['Arn'] ?? name;
    const { RedrivePolicy, VisibilityTimeout, MessageRetentionPeriod } = properties;
    const deadLetters = RedrivePolicy && opened.get(RedrivePolicy.deadLetterTargetArn);
    if (RedrivePolicy && !deadLetters)
      throw new Error(`the dead-letter queue of ${name} is not in the template`);
    const queue = await openQueue({
      arn,
      folder: join(data, 'queues', name),
      visibilityTimeoutMs: VisibilityTimeout * 1000,
      retentionMs: MessageRetentionPeriod * 1000,
      redrive: RedrivePolicy &&
        deadLetters && { queue: deadLetters, maxReceiveCount: RedrivePolicy.maxReceiveCount },
      speed,
    });
    opened.set(arn, queue);
  }
  return opened;
}
