import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { recordSchema } from '../functions/shared/record.ts';
import { answerJson } from './aws-json.ts';
import { createEventBus, type EventEnvelope, envelope, type Target } from './event-bus.ts';
import { startEventSource } from './event-source.ts';
import { exportRun } from './export.ts';
import { startLambdaHost } from './lambda-host.ts';
import type { Loopback } from './loopback.ts';
import { openMachine } from './machine.ts';
import { openQueue, type Queue } from './queue.ts';
import { answerIn, createRuns, type Runs, type RunView, runOf } from './runs.ts';
import type { CreatedObject } from './s3/created-object.ts';
import { createS3Handler } from './s3/handler.ts';
import { createObjectStore, type ObjectStore } from './s3/store.ts';
import type { Template } from './template.ts';

export interface LocalAwsOptions {
  readonly template: Template;
  readonly data: string;
  /** Where finished models are written too. */
  readonly out: string;
  readonly server: Loopback;
  readonly scenario: { readonly url: string; readonly apiKey: string; readonly apiSecret: string };
  readonly speed: number;
}

/** The synthesized stack, running. */
export interface LocalAws {
  readonly store: ObjectStore;
  readonly runs: Runs;
  readonly uploadBucket: string;
  readonly assetBucket: string;
  /** Resolves when nothing is left to do for an ended run: its message deleted, its execution's end announced. */
  settled(runId: string): Promise<void>;
  close(): Promise<void>;
}

/** What is not settled by then is done again at the next start, and changes nothing. */
const SETTLE_MS = 3_000;
const SETTLE_STEP_MS = 20;

/** Builds from the template what CloudFormation would build from it, and goes on where an earlier process stopped. */
export async function startLocalAws({
  template,
  data,
  out,
  server,
  scenario,
  speed,
}: LocalAwsOptions): Promise<LocalAws> {
  const { UploadBucketName: uploadBucket = '', AssetBucketName: assetBucket = '' } = template.outputs;
  const runs = createRuns();
  const queues = await openQueues(template, data, speed);
  const host = await startLambdaHost({
    functions: template.functions,
    endpoint: server.origin,
    scenarioUrl: scenario.url,
    logFolder: join(data, 'logs'),
  });
  const nameOfArn = (arn: string) =>
    template.functions.find(({ attributes }) => attributes['Arn'] === arn)?.name ?? arn;
  const bus = createEventBus(
    template.rules.map(({ properties: { EventBusName, EventPattern, Targets } }) => ({
      bus: EventBusName,
      pattern: EventPattern,
      targets: Targets.map(({ Arn, DeadLetterConfig }): Target => {
        const queue = queues.get(Arn);
        if (queue) return { queue };
        return {
          invoke: (event) => host.invoke(nameOfArn(Arn), event),
          deadLetters: queues.get(DeadLetterConfig?.Arn ?? ''),
        };
      }),
    })),
    speed,
  );
  const store = createObjectStore({ folder: join(data, 's3'), onCreated: announceObject });
  createBuckets(store, template, [uploadBucket, assetBucket]);
  const machine = await openMachine({
    arn: template.machine.ref,
    definition: template.machine.properties.DefinitionString,
    folder: join(data, 'executions'),
    speed,
    invoke: (arn, payload) => host.invoke(nameOfArn(arn), payload),
    onTask: ({ name }, state, output) => noteTask(runs, name, state, output),
    onEnded: ({ announced: _, ...detail }) =>
      bus.put(
        'default',
        envelope('aws.states', 'Step Functions Execution Status Change', detail, [detail.executionArn]),
      ),
  });

  /** S3 tells EventBridge, where the bucket has it on. */
  async function announceObject(object: CreatedObject): Promise<void> {
    const bucket = template.buckets.find(({ ref }) => ref === object.bucket);
    const isOn =
      bucket === undefined ||
      bucket.properties.NotificationConfiguration?.EventBridgeConfiguration.EventBridgeEnabled;
    if (!isOn) return;
    const event = objectCreatedEvent(object);
    const run = object.bucket === uploadBucket ? runOf(event) : undefined;
    if (run) runs.note(run.runId, { key: run.key });
    await bus.put('default', event);
  }

  /** What a function announces is written down, and the files that it speaks of, before the function hears that it is taken. */
  async function putEvent(busName: string, event: EventEnvelope): Promise<void> {
    const answer = answerIn(event);
    if (answer) await exportRun(store, assetBucket, answer, out);
    await appendFile(join(data, 'events.jsonl'), `${JSON.stringify(event)}\n`);
    await bus.put(busName, event);
    if (answer) runs.note(answer.runId, answer);
  }

  const secrets = secretsOf(
    template,
    JSON.stringify({ apiKey: scenario.apiKey, apiSecret: scenario.apiSecret }),
  );
  const answerS3 = createS3Handler(store);
  server.serve((request, response) => {
    const target = request.headers['x-amz-target'];
    if (typeof target !== 'string') return answerS3(request, response);
    return answerJson(target, request, response, {
      machine,
      machineArn: template.machine.ref,
      putEvent,
      secrets,
    });
  });

  const stops = template.eventSources.map(({ properties }) => {
    const queue = queues.get(properties.EventSourceArn);
    if (!queue) throw new Error(`the event source ${properties.EventSourceArn} is no queue of the template`);
    for (const { body } of queue.messages()) noteMessage(runs, body, 'queued');
    return startEventSource({
      queue,
      maxConcurrency: properties.ScalingConfig.MaximumConcurrency,
      invoke: (event) => host.invoke(properties.FunctionName, event),
      onReceived: ({ body }) => noteMessage(runs, body, 'submitting'),
    });
  });
  await noteRecords(runs, store, assetBucket);
  machine.resume();
  for (const { name } of template.functions) if (!/Failure/.test(name)) host.warm(name);

  return {
    store,
    runs,
    uploadBucket,
    assetBucket,
    settled: async (runId) => {
      const isWaiting = () =>
        [...queues.values()].some((queue) =>
          queue.messages().some(({ body }) => runOf(JSON.parse(body))?.runId === runId),
        );
      const isRunning = () => machine.list().some(({ name, announced }) => name === runId && !announced);
      for (let waited = 0; waited < SETTLE_MS && (isWaiting() || isRunning()); waited += SETTLE_STEP_MS)
        await sleep(SETTLE_STEP_MS);
    },
    close: async () => {
      for (const stop of stops) stop();
      host.close();
      await machine.close();
      for (const queue of queues.values()) queue.close();
      await server.close();
    },
  };
}

/** Dead-letter queues first, so that the others can point to them. By ARN. */
async function openQueues(
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

/** The template's buckets, and those that it was told to use: here somebody has to make them. */
function createBuckets(store: ObjectStore, { buckets }: Template, used: readonly string[]): void {
  for (const { ref, properties } of buckets)
    store.createBucket(ref, { versioned: properties.VersioningConfiguration?.Status === 'Enabled' });
  for (const name of used)
    if (!buckets.some(({ ref }) => ref === name)) store.createBucket(name, { versioned: true });
}

/** Every secret that a function names holds the credentials of this run. */
function secretsOf({ functions }: Template, value: string): ReadonlyMap<string, string> {
  const arns = functions.flatMap(
    ({ properties }) => properties.Environment?.Variables['SCENARIO_SECRET_ARN'] ?? [],
  );
  return new Map(arns.map((arn) => [arn, value]));
}

function objectCreatedEvent(object: CreatedObject): EventEnvelope {
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

/** What earlier processes did. */
async function noteRecords(runs: Runs, store: ObjectStore, bucket: string): Promise<void> {
  let after: string | undefined;
  do {
    const page = store.list(bucket, { prefix: 'runs/', after });
    for (const object of page.objects) {
      const { runId, upload, ...record } = recordSchema.parse(JSON.parse(await text(store.read(object))));
      const stage = { claimed: 'queued', sending: 'submitting', submitted: 'generating' } as const;
      const reason = 'failure' in record ? record.failure.reason : undefined;
      const phase =
        record.phase in stage
          ? stage[record.phase as keyof typeof stage]
          : (record.phase as RunView['stage']);
      runs.note(runId, { key: upload.key, stage: phase, since: object.lastModified.getTime(), reason });
    }
    after = page.next;
  } while (after !== undefined);
}

function noteMessage(runs: Runs, body: string, stage: 'queued' | 'submitting'): void {
  const run = runOf(JSON.parse(body));
  if (run) runs.note(run.runId, { key: run.key, stage });
}

function noteTask(runs: Runs, runId: string, state: string, output: unknown): void {
  if (state === 'StoreAssets') return runs.note(runId, { stage: 'storing' });
  const progress: unknown =
    typeof output === 'object' && output !== null ? Reflect.get(output, 'progress') : undefined;
  runs.note(runId, { stage: 'generating', ...(typeof progress === 'number' && { progress }) });
}
