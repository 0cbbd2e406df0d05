import { createEventBus, type EventBus, type EventEnvelope, envelope, type Target } from './event-bus.ts';
import type { Queue } from './queue.ts';
import type { CreatedObject } from './s3/created-object.ts';
import type { Template } from './template.ts';

/** The buses with the template's rules on them. */
export function createStackBus(
  { rules }: Template,
  queues: ReadonlyMap<string, Queue>,
  invoke: (functionArn: string, event: unknown) => Promise<unknown>,
  speed: number,
): EventBus {
  const targetOf = ({
    Arn,
    DeadLetterConfig,
  }: Template['rules'][number]['properties']['Targets'][number]): Target => {
    const queue = queues.get(Arn);
    if (queue) return { queue };
    return { invoke: (event) => invoke(Arn, event), deadLetters: queues.get(DeadLetterConfig?.Arn ?? '') };
  };
  const built = rules.map(({ properties: { EventBusName, EventPattern, Targets } }) => ({
    bus: EventBusName,
    pattern: EventPattern,
    targets: Targets.map(targetOf),
  }));
  return createEventBus(built, speed);
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
