import type { AwsJsonTools } from './aws-json.ts';
import type { AwsOptions } from './aws-options.ts';
import { createEnvelope, type EventContent } from './events/envelope.ts';
import type { EventBus } from './events/event-bus.ts';
import type { CreatedObject } from './s3/created-object.ts';
import { createObjectStore, type ObjectStore } from './s3/store.ts';
import { createGatekeeper, type Gatekeeper } from './iam/gatekeeper.ts';
import type { Queue } from './sqs/queue.ts';
import {
  createStackBus,
  createObjectEvent,
  startEventSources,
  startSchedules,
  tellsEventBridge,
} from './stack-events.ts';
import { openQueues } from './stack-queues.ts';
import { type Execution, toldOf } from './states/execution.ts';
import { type Machine, openMachine } from './states/machine.ts';
import type { Template } from './template.ts';

/** The synthesized stack. It answers calls immediately, and invokes functions only after `begin`. */
export interface Aws {
  readonly store: ObjectStore;
  /** Keyed by ARN. */
  readonly queues: ReadonlyMap<string, Queue>;
  readonly machine: Machine;
  /** Sends the event that S3 sends for a new object. Resolves when the event is durably accepted. */
  announceObject(object: CreatedObject): Promise<void>;
  /** Enforces the policies of the template. */
  readonly gatekeeper: Gatekeeper;
  /** Answers calls of the AWS JSON protocols. The object store answers S3 calls. */
  readonly jsonTools: AwsJsonTools;
  /** Starts to invoke functions and continues what an earlier process left unfinished. */
  begin(): void;
  close(): Promise<void>;
}

/** Builds the resources of the template, as CloudFormation does. All of them use one clock. */
export async function createAws(options: AwsOptions): Promise<Aws> {
  const { template, clock, objectFolder, hooks } = options;
  const queues = await openQueues(options);
  const gatekeeper = createGatekeeper(template, hooks.onAccess);
  const bus = createStackBus(options, queues);
  const machine = await openStackMachine(options, bus);
  const announceObject = async (object: CreatedObject) => {
    if (tellsEventBridge(template, object.bucket))
      await bus.put('default', createEnvelope(createObjectEvent(object), options));
  };
  const store = createObjectStore({
    ...(objectFolder !== undefined && { folder: objectFolder }),
    now: clock.now,
    onCreated: async (object) => {
      await hooks.onObject?.(object);
      await announceObject(object);
    },
  });
  createBuckets(store, template);
  const stops: (() => void)[] = [];
  return {
    store,
    queues,
    machine,
    announceObject,
    gatekeeper,
    jsonTools: { ...options, gatekeeper, machine, queues, putEvent: (name, event) => bus.put(name, event) },
    begin: () => {
      stops.push(...startEventSources(options, queues), ...startSchedules(options, queues));
      machine.resume();
    },
    close: async () => {
      for (const stop of stops) stop();
      await machine.close();
      for (const queue of queues.values()) queue.close();
    },
  };
}

async function openStackMachine(options: AwsOptions, bus: EventBus): Promise<Machine> {
  const { template, clock, random, files, invoke, speed, hooks, onTrouble } = options;
  const nameOf = (arn: string) => template.functions.find(({ attributes }) => attributes['Arn'] === arn)?.name ?? arn;
  return await openMachine({
    arn: template.machine.ref,
    definition: template.machine.properties.DefinitionString,
    files: await files('executions'),
    clock,
    random,
    speed,
    invoke: (arn, payload) => invoke(nameOf(arn), payload),
    onTask: hooks.onTask,
    onTrouble,
    onStatus: (execution) => bus.put('default', createEnvelope(createStatusEvent(execution), options)),
  });
}

function createStatusEvent(execution: Execution): EventContent {
  return {
    source: 'aws.states',
    detailType: 'Step Functions Execution Status Change',
    detail: toldOf(execution),
    resources: [execution.executionArn],
  };
}

/**
 * Creates the buckets of the template, and also the existing buckets that the settings name: on this machine, they
 * don't exist yet.
 */
function createBuckets(store: ObjectStore, { buckets, outputs }: Template): void {
  for (const { ref, properties } of buckets)
    store.createBucket(ref, { versioned: properties.VersioningConfiguration?.Status === 'Enabled' });
  const { UploadBucketName: uploads, AssetBucketName: assets } = outputs;
  for (const name of [uploads, assets])
    if (name !== undefined && !buckets.some(({ ref }) => ref === name)) store.createBucket(name, { versioned: true });
}
