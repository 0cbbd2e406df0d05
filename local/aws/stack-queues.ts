import { openQueue, type Queue } from './sqs/queue.ts';
import type { AwsOptions } from './aws-options.ts';
import type { Template } from './template.ts';

type QueueResource = Template['queues'][number];

/**
 * Opens the queues of the template, keyed by ARN. Dead-letter queues come first, so that the others can refer to them.
 */
export async function openQueues(options: AwsOptions): Promise<ReadonlyMap<string, Queue>> {
  const opened = new Map<string, Queue>();
  const rank = ({ properties }: QueueResource) => Number(properties.RedrivePolicy !== undefined);
  for (const resource of options.template.queues.toSorted((a, b) => rank(a) - rank(b))) {
    const queue = await openStackQueue(resource, opened, options);
    opened.set(queue.arn, queue);
  }
  return opened;
}

async function openStackQueue(
  { name, attributes, properties }: QueueResource,
  opened: ReadonlyMap<string, Queue>,
  { files, clock, newId, speed, hooks }: AwsOptions,
): Promise<Queue> {
  const { RedrivePolicy, VisibilityTimeout, MessageRetentionPeriod } = properties;
  const deadLetters = opened.get(RedrivePolicy?.deadLetterTargetArn ?? '');
  if (RedrivePolicy && !deadLetters) throw new Error(`the dead-letter queue of ${name} is not in the template`);
  const queue: Queue = await openQueue({
    arn: attributes['Arn'] ?? name,
    files: await files(`queues/${name}`),
    clock,
    newId,
    visibilityTimeoutMs: VisibilityTimeout * 1000,
    retentionMs: MessageRetentionPeriod * 1000,
    redrive: RedrivePolicy && deadLetters && { queue: deadLetters, maxReceiveCount: RedrivePolicy.maxReceiveCount },
    speed,
    onSent: hooks.onSent && ((message) => hooks.onSent?.(queue, message)),
  });
  return queue;
}
