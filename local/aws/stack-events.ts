import {
  createEventBus,
  deliver,
  type EventBus,
  type EventEnvelope,
  envelope,
  type Target,
} from './events/event-bus.ts';
import type { Queue } from './sqs/queue.ts';
import { startSchedule } from './events/schedule.ts';
import type { CreatedObject } from './s3/created-object.ts';
import type { Template } from './template.ts';

type Invoke = (functionArn: string, event: unknown) => Promise<unknown>;
type RuleTarget = Template['rules'][number]['properties']['Targets'][number];

function targetOf(
  { Arn, DeadLetterConfig }: RuleTarget,
  queues: ReadonlyMap<string, Queue>,
  invoke: Invoke,
): Target {
  const queue = queues.get(Arn);
  if (queue) return { queue };
  return { invoke: (event) => invoke(Arn, event), deadLetters: queues.get(DeadLetterConfig?.Arn ?? '') };
}

/** The buses with the template's rules on them. */
export function createStackBus(
  { rules }: Template,
  queues: ReadonlyMap<string, Queue>,
  invoke: Invoke,
  speed: number,
): EventBus {
  const built = rules.flatMap(({ properties: { EventBusName, EventPattern, Targets } }) => {
    if (!EventPattern) return [];
    const targets = Targets.map((target) => targetOf(target, queues, invoke));
    return { bus: EventBusName, pattern: EventPattern, targets };
  });
  return createEventBus(built, speed);
}

/**
 * Begins what the template's rules do at a rate, which no speed divides.
 *
 * @returns what stops it
 */
export function startSchedules(
  { rules }: Template,
  queues: ReadonlyMap<string, Queue>,
  invoke: Invoke,
  speed: number,
): (() => void)[] {
  return rules.flatMap(({ attributes, properties: { ScheduleExpression: everyMs, Targets } }) => {
    if (everyMs === undefined) return [];
    return Targets.map((target) => {
      const event = () => envelope('aws.events', 'Scheduled Event', {}, [attributes['Arn'] ?? '']);
      return startSchedule(everyMs, () => deliver(targetOf(target, queues, invoke), event(), speed));
    });
  });
}

/** Whether S3 tells EventBridge of this bucket's objects. A bucket that was brought has it on, or nothing would work. */
export function tellsEventBridge({ buckets }: Template, name: string): boolean {
  const bucket = buckets.find(({ ref }) => ref === name);
  if (!bucket) return true;
  return bucket.properties.NotificationConfiguration?.EventBridgeConfiguration.EventBridgeEnabled ?? false;
}

export function objectCreatedEvent(object: CreatedObject): EventEnvelope {
  const { bucket, key, size, etag, sequencer, versionId, sourceIp, reason } = object;
  const detail = {
    version: '0',
    bucket: { name: bucket },
    object: { key, size, etag, sequencer, ...(versionId !== undefined && { 'version-id': versionId }) },
    requester: '000000000000',
    'source-ip-address': sourceIp,
    reason,
  };
  return envelope('aws.s3', 'Object Created', detail, [`arn:aws:s3:::${bucket}`]);
}
