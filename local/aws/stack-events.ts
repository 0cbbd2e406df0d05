import type { AwsOptions } from './aws-options.ts';
import { deliver, type Target } from './events/deliver.ts';
import { createEnvelope, type EventContent } from './events/envelope.ts';
import { createEventBus, type EventBus } from './events/event-bus.ts';
import { startSchedule } from './events/schedule.ts';
import type { CreatedObject } from './s3/created-object.ts';
import { startEventSource } from './sqs/event-source.ts';
import type { Queue } from './sqs/queue.ts';
import type { Template } from './template.ts';

type Queues = ReadonlyMap<string, Queue>;

/** Creates the event buses with the rules of the template. */
export function createStackBus(options: AwsOptions, queues: Queues): EventBus {
  const rules = options.template.rules.flatMap(
    ({ properties: { EventBusName: bus, EventPattern: pattern, Targets } }) =>
      pattern ? [{ bus, pattern, targets: Targets.map(({ Arn }) => targetOf(Arn, queues, options)) }] : [],
  );
  const { clock, speed, hooks } = options;
  return createEventBus({
    rules,
    clock,
    speed,
    onEvent: hooks.onEvent,
    deliverySeconds: hooks.deliverySeconds,
  });
}

/**
 * Returns the target of a rule. Events that a function finally fails to handle go to the dead-letter queue of the
 * function, as on AWS.
 */
function targetOf(arn: string, queues: Queues, { template, invoke }: AwsOptions): Target {
  const queue = queues.get(arn);
  if (queue) return { queue };
  const target = template.functions.find(({ attributes }) => attributes['Arn'] === arn);
  if (!target) throw new Error(`the rule's target ${arn} is not in the template`);
  return {
    invoke: (event) => invoke(target.name, event),
    deadLetters: queues.get(target.properties.DeadLetterConfig?.TargetArn ?? ''),
  };
}

/**
 * Starts the scheduled rules of the template. The speed doesn't change their rate.
 *
 * @returns functions that stop them
 */
export function startSchedules(options: AwsOptions, queues: Queues): readonly (() => void)[] {
  return options.template.rules.flatMap(({ attributes, properties: { ScheduleExpression: everyMs, Targets } }) => {
    if (everyMs === undefined) return [];
    const content: EventContent = {
      source: 'aws.events',
      detailType: 'Scheduled Event',
      detail: {},
      resources: [attributes['Arn'] ?? ''],
    };
    return Targets.map(({ Arn }) => {
      const target = targetOf(Arn, queues, options);
      return startSchedule({
        clock: options.clock,
        everyMs,
        firstMs: options.firstScheduleMs,
        call: () => deliver(target, createEnvelope(content, options), options),
      });
    });
  });
}

/** @returns functions that stop them */
export function startEventSources(options: AwsOptions, queues: Queues): readonly (() => void)[] {
  const { template, clock, invoke, hooks } = options;
  return template.eventSources.map(({ properties: { EventSourceArn, FunctionName, ScalingConfig } }) => {
    const queue = queues.get(EventSourceArn);
    if (!queue) throw new Error(`the event source ${EventSourceArn} is not a queue of the template`);
    return startEventSource({
      queue,
      clock,
      maxConcurrency: ScalingConfig.MaximumConcurrency,
      invoke: (event) => invoke(FunctionName, event),
      onReceived: (message) => hooks.onReceived?.(queue, message),
      pollDelayMs: hooks.pollDelayMs,
      staysVisible: hooks.staysVisible,
    });
  });
}

/**
 * Returns whether the bucket sends its events to EventBridge. For an existing bucket, assumes that it does, because
 * Meshdrop needs the events.
 */
export function tellsEventBridge({ buckets }: Template, name: string): boolean {
  const bucket = buckets.find(({ ref }) => ref === name);
  if (!bucket) return true;
  return bucket.properties.NotificationConfiguration?.EventBridgeConfiguration.EventBridgeEnabled ?? false;
}

export function createObjectEvent(object: CreatedObject): EventContent {
  const { bucket, key, size, etag, sequencer, versionId, sourceIp, reason } = object;
  const detail = {
    version: '0',
    bucket: { name: bucket },
    object: { key, size, etag, sequencer, ...(versionId !== undefined && { 'version-id': versionId }) },
    requester: '000000000000',
    'source-ip-address': sourceIp,
    reason,
  };
  return { source: 'aws.s3', detailType: 'Object Created', detail, resources: [`arn:aws:s3:::${bucket}`] };
}
