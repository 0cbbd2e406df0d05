import { randomUUID } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isIgnored } from '../../functions/run/upload.ts';
import { answerJson } from './aws-json.ts';
import { type EventBus, type EventEnvelope, envelope } from './events/event-bus.ts';
import { startEventSource } from './sqs/event-source.ts';
import { exportRun } from '../runs/export.ts';
import { type LambdaHost, startLambdaHost } from './lambda/lambda-host.ts';
import { untoldUploads } from './late-events.ts';
import type { Handle, Loopback } from './loopback.ts';
import { type Machine, openMachine, toldOf } from './states/machine.ts';
import type { Queue } from './sqs/queue.ts';
import { answerIn, noteLog, noteRecords, noteTask, noteUpload, runOf } from '../runs/run-notes.ts';
import { createRuns, type Runs } from '../runs/runs.ts';
import type { CreatedObject } from './s3/created-object.ts';
import { createS3Handler } from './s3/handler.ts';
import { createObjectStore, type ObjectStore } from './s3/store.ts';
import { createStackBus, objectCreatedEvent, startSchedules, tellsEventBridge } from './stack-events.ts';
import { openQueues } from './stack-queues.ts';
import { ignorePrefixesOf, type Template } from './template.ts';

export interface LocalAwsOptions {
  readonly template: Template;
  /** For logs and events. */
  readonly data: string;
  /** For what is begun and kept with this Scenario. */
  readonly world: string;
  /** Where finished models are written too. */
  readonly out: string;
  readonly server: Loopback;
  readonly scenario: { readonly url: string; readonly apiKey: string; readonly apiSecret: string };
  readonly standIn: boolean;
  readonly speed: number;
}

/** The synthesized stack. It answers requests at once, and works from `begin` on. */
export interface LocalAws {
  readonly store: ObjectStore;
  readonly runs: Runs;
  readonly uploadBucket: string;
  readonly assetBucket: string;
  /** Uploads that an earlier process left in the queue or generating. */
  readonly unfinished: number;
  /** Lets the functions begin. */
  begin(): void;
  /** Resolves when nothing is left to do for an ended run: its message deleted, its execution's end announced. */
  settled(runId: string): Promise<void>;
  close(): Promise<void>;
}

/** What is not settled by then is done again at the next start, and changes nothing. */
const SETTLE_MS = 3_000;
const SETTLE_STEP_MS = 20;

/** Builds from the template what CloudFormation would build from it, and goes on where an earlier process stopped. */
export async function openLocalAws(options: LocalAwsOptions): Promise<LocalAws> {
  const { template, data, world, server, speed } = options;
  const { UploadBucketName: uploadBucket = '', AssetBucketName: assetBucket = '' } = template.outputs;
  const accessKeyId = randomUUID();
  const runs = createRuns();
  const queues = await openQueues(template, world, speed);
  const host = await startLambdaHost({
    functions: template.functions,
    endpoint: server.origin,
    scenarioUrl: options.scenario.url,
    accessKeyId,
    onLog: (line) => noteLog(runs, line),
    logFolder: join(data, 'logs'),
  });
  const invoke = (arn: string, event: unknown) => host.invoke(nameOfArn(template, arn), event);
  const bus = createStackBus(template, queues, invoke, speed);
  const isIgnoredHere = (key: string) => isIgnored(key, ignorePrefixesOf(template));
  const tellOf = async (object: CreatedObject) => {
    if (!tellsEventBridge(template, object.bucket)) return;
    const event = objectCreatedEvent(object);
    if (object.bucket === uploadBucket && !isIgnoredHere(object.key))
      noteUpload(runs, JSON.stringify(event), 'queued');
    await bus.put('default', event);
  };
  const store = createObjectStore({ folder: join(world, 's3'), onCreated: tellOf });
  createBuckets(store, template, [uploadBucket, assetBucket]);
  const machine = await openStackMachine(options, runs, bus, invoke);
  await noteRecords(runs, store, assetBucket);
  const waiting = waitingRuns(queues);
  const isWaiting = (runId: string) => waiting.has(runId);
  for (const object of untoldUploads({
    store,
    uploadBucket,
    assetBucket,
    isIgnored: isIgnoredHere,
    isWaiting,
  }))
    await tellOf(object);

  const putEvent = keepEvents(options, { store, runs, bus, assetBucket });
  server.serve(endpointOf(options, { store, machine, queues, putEvent, accessKeyId }));
  const stops: (() => void)[] = [];

  return {
    store,
    runs,
    uploadBucket,
    assetBucket,
    unfinished: unfinishedIn(template, queues, machine),
    begin: () => {
      stops.push(...startEventSources(template, queues, host, runs));
      stops.push(...startSchedules(template, queues, invoke, speed));
      machine.resume();
      for (const { name } of template.functions) if (name !== 'ReportFailure') host.warm(name);
    },
    settled: (runId) => settled(runId, queues, machine),
    close: async () => {
      for (const stop of stops) stop();
      host.close();
      await machine.close();
      for (const queue of queues.values()) queue.close();
      await server.close();
    },
  };
}

function nameOfArn({ functions }: Template, arn: string): string {
  return functions.find(({ attributes }) => attributes['Arn'] === arn)?.name ?? arn;
}

function openStackMachine(
  { template, world, speed }: LocalAwsOptions,
  runs: Runs,
  bus: EventBus,
  invoke: (functionArn: string, payload: unknown) => Promise<unknown>,
): Promise<Machine> {
  return openMachine({
    arn: template.machine.ref,
    definition: template.machine.properties.DefinitionString,
    folder: join(world, 'executions'),
    speed,
    invoke,
    onTask: ({ name }, state, output) => noteTask(runs, name, state, output),
    onEnded: (execution) =>
      bus.put(
        'default',
        envelope('aws.states', 'Step Functions Execution Status Change', toldOf(execution), [
          execution.executionArn,
        ]),
      ),
  });
}

type PutEvent = (busName: string, event: EventEnvelope) => Promise<void>;

/** What a function announces is written down, and the files that it speaks of, before the function hears that it is taken. */
function keepEvents(
  { data, out }: LocalAwsOptions,
  { store, runs, bus, assetBucket }: { store: ObjectStore; runs: Runs; bus: EventBus; assetBucket: string },
): PutEvent {
  return async (busName, event) => {
    const answer = answerIn(event);
    if (answer) await exportRun(store, assetBucket, answer, out);
    await appendFile(join(data, 'events.jsonl'), `${JSON.stringify(event)}\n`);
    await bus.put(busName, event);
    if (answer) runs.note(answer.runId, answer);
  };
}

/** One address for all services: AWS' JSON protocols name their operation in a header, S3 does not. */
function endpointOf(
  { template, scenario: { apiKey, apiSecret }, standIn }: LocalAwsOptions,
  {
    store,
    machine,
    queues,
    putEvent,
    accessKeyId,
  }: {
    store: ObjectStore;
    machine: Machine;
    queues: ReadonlyMap<string, Queue>;
    putEvent: PutEvent;
    accessKeyId: string;
  },
): Handle {
  const secrets = secretsOf(template, JSON.stringify({ apiKey, apiSecret }));
  const secretsOnlyFor = standIn ? undefined : accessKeyId;
  const answerS3 = createS3Handler(store);
  return (request, response) => {
    const target = request.headers['x-amz-target'];
    if (typeof target !== 'string') return answerS3(request, response);
    return answerJson(target, request, response, {
      machine,
      machineArn: template.machine.ref,
      queues,
      putEvent,
      secrets,
      secretsOnlyFor,
    });
  };
}

function startEventSources(
  { eventSources }: Template,
  queues: ReadonlyMap<string, Queue>,
  host: LambdaHost,
  runs: Runs,
): (() => void)[] {
  return eventSources.map(({ properties }) => {
    const queue = queues.get(properties.EventSourceArn);
    if (!queue) throw new Error(`the event source ${properties.EventSourceArn} is no queue of the template`);
    for (const { body } of queue.messages()) noteUpload(runs, body, 'queued');
    return startEventSource({
      queue,
      maxConcurrency: properties.ScalingConfig.MaximumConcurrency,
      invoke: (event) => host.invoke(properties.FunctionName, event),
      onReceived: ({ body }) => noteUpload(runs, body, 'submitting'),
    });
  });
}

/** A run may be in the queue and generating at once, when its message was not deleted any more. */
function unfinishedIn(
  { eventSources }: Template,
  queues: ReadonlyMap<string, Queue>,
  machine: Machine,
): number {
  const waiting = eventSources.flatMap(
    ({ properties }) => queues.get(properties.EventSourceArn)?.messages() ?? [],
  );
  const waitingIds = waiting.map(({ messageId, body }) => runOf(body)?.runId ?? messageId);
  const running = machine.list().filter(({ status }) => status === 'RUNNING');
  return new Set([...waitingIds, ...running.map(({ name }) => name)]).size;
}

/** The runs that a message of any queue is about. */
function waitingRuns(queues: ReadonlyMap<string, Queue>): ReadonlySet<string> {
  const messages = [...queues.values()].flatMap((queue) => queue.messages());
  return new Set(messages.flatMap(({ body }) => runOf(body)?.runId ?? []));
}

async function settled(runId: string, queues: ReadonlyMap<string, Queue>, machine: Machine): Promise<void> {
  const isWaiting = () => waitingRuns(queues).has(runId);
  const isRunning = () => machine.list().some(({ name, announced }) => name === runId && !announced);
  for (let waited = 0; waited < SETTLE_MS && (isWaiting() || isRunning()); waited += SETTLE_STEP_MS) {
    await sleep(SETTLE_STEP_MS);
  }
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
