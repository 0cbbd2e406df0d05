import { runIdOf } from '../../functions/run/upload.ts';
import { PAUSE_KEY } from '../../functions/spending/spend-guard.ts';
import type { ApiAnswer, ApiRequest } from '../../local/scenario/answer.ts';
import { createStandInApi, type StandInApi } from '../../local/scenario/api.ts';
import type { Ledger } from '../../local/scenario/ledger.ts';
import type { CreatedObject } from '../../local/aws/s3/created-object.ts';
import { createObjectStore, type ObjectStore } from '../../local/aws/s3/store.ts';
import { objectCreatedEvent, tellsEventBridge } from '../../local/aws/stack-events.ts';
import type { Template } from '../../local/aws/template.ts';
import type { AwsAnswer, AwsRequest } from './aws-clients.ts';
import { jsonRequest } from './aws-services.ts';
import { type Bus, type BusEvent, createBus, type DeliverySeconds } from './bus.ts';
import { type Clock, createClock } from './clock.ts';
import { startEventSource } from './event-source.ts';
import { logics } from './functions.ts';
import { createInvariants, type Invariants, Violation } from './invariants.ts';
import { createLambda, type Lambda } from './lambda.ts';
import { createMachine, type Execution, type Machine } from './machine.ts';
import { createQueues, rulesOf, startSchedules } from './plumbing.ts';
import type { Queue } from './queue.ts';
import { between, createRandom, type Random } from './random.ts';
import { paidRuns } from './paid-runs.ts';
import { s3Request, textIn } from './s3-service.ts';
import { openStack, type Stack } from './stack.ts';
import { createStory, type Story } from './story.ts';
import { createWire, type Request, type Wire } from './wire.ts';
import type { Drop, Dropped, Setting, World } from './world.ts';

const START = Date.UTC(2026, 9, 5, 10);
const ORIGIN = 'http://127.0.0.1:1';
const SECRET = { apiKey: 'key-of-the-simulation', apiSecret: 'secret-of-the-simulation' };

export async function openWorld(setting: Setting): Promise<World> {
  const stack = await openStack();
  const clock = createClock(START, createRandom(setting.seed));
  const story = createStory(clock.now);
  const standIn = await createStandInApi({
    ...SECRET,
    origin: () => ORIGIN,
    now: clock.now,
    random: createRandom(setting.seed + 1),
    options: { resultModel: 'triangle', ...setting.standIn },
  });
  return new SimulatedWorld(setting, stack, clock, story, standIn);
}

class SimulatedWorld implements World {
  readonly clock: Clock;
  readonly story: Story;
  readonly standIn: StandInApi;
  readonly random: Random;
  readonly wire: Wire;
  readonly store: ObjectStore;
  readonly queues: ReadonlyMap<string, Queue>;
  readonly uploadsQueue: Queue;
  readonly machine: Machine;
  readonly lambda: Lambda;
  readonly bus: Bus;
  readonly invariants: Invariants;
  readonly secret = SECRET;
  readonly scenarioUrl = `${ORIGIN}/v1`;
  readonly uploads: Dropped[] = [];
  readonly assetBucket: string;
  readonly uploadBucket: string;
  readonly #setting: Setting;
  readonly #template: Template;
  readonly #scenario: (request: ApiRequest) => Promise<ApiAnswer>;
  readonly #bytes = new Map<string, Uint8Array>();
  readonly #removed = new Set<string>();
  readonly #heardOf = new Set<string>();
  #deliveries = 0;

  constructor(setting: Setting, { template, plan }: Stack, clock: Clock, story: Story, standIn: StandInApi) {
    this.clock = clock;
    this.story = story;
    this.standIn = standIn;
    this.#setting = setting;
    this.#template = template;
    this.random = createRandom(setting.seed + 2);
    const wireRandom = createRandom(setting.seed + 3);
    const { UploadBucketName = '', AssetBucketName = '' } = template.outputs;
    this.uploadBucket = UploadBucketName;
    this.assetBucket = AssetBucketName;
    const { apiKey, apiSecret } = SECRET;
    this.invariants = createInvariants({
      bytesOf: ({ bucket, key, versionId = '' }) => this.#bytes.get(`${bucket}/${key}/${versionId}`),
      secrets: [apiKey, apiSecret, Buffer.from(`${apiKey}:${apiSecret}`).toString('base64')],
    });
    this.wire = createWire({ clock, story, random: wireRandom, plan: setting.wire ?? (() => undefined) });
    this.store = createObjectStore({ now: clock.now, onCreated: (object) => this.#onCreated(object) });
    for (const name of [UploadBucketName, AssetBucketName])
      this.store.createBucket(name, { versioned: true });
    this.queues = createQueues(template, clock, (queue, body) => this.#onSent(queue, body));
    this.lambda = createLambda(this, template.functions, logics, this.random);
    this.machine = createMachine(this, {
      arn: template.machine.ref,
      plan,
      random: this.random,
      onChange: (execution) => this.#onExecution(execution),
    });
    this.bus = createBus(this, rulesOf(template, this), (event) => this.#deliveriesOf(event));
    this.#scenario = paidRuns(standIn, (runId) => this.invariants.onPaid(runId));
    this.uploadsQueue = this.#startEventSources();
    startSchedules(template, this);
  }

  environment(functionName: string): Readonly<Record<string, string>> {
    const found = this.#template.functions.find(({ name }) => name === functionName);
    return { ...found?.properties.Environment?.Variables, ...this.#setting.environment };
  }

  skewMs(functionName: string): number {
    return (this.#setting.skewSeconds?.[functionName] ?? 0) * 1000;
  }

  aws(request: AwsRequest): Request<AwsAnswer> {
    return jsonRequest(request, this) ?? s3Request(request, this.store);
  }

  scenario(request: ApiRequest): Promise<ApiAnswer> {
    return this.#scenario(request);
  }

  onEvent(_bus: string, event: BusEvent, body: string): void {
    if (event.source === 'meshdrop') this.story.note('EventBridge', `takes ${event['detail-type']}`);
    this.invariants.onEvent(event);
    this.invariants.onText('an event', body);
  }

  onLog(who: string, line: string): void {
    this.story.note(who, `   says: ${line.replaceAll(/\s+/g, ' ').slice(0, 200)}`);
    this.invariants.onText(`a log line of ${who}`, line);
  }

  async drop({ key, bytes, metadata = {} }: Drop): Promise<Dropped> {
    const { versionId = '' } = await this.store.put(this.uploadBucket, key, piece(bytes), { metadata });
    const runId = runIdOf({ bucket: this.uploadBucket, key, version: versionId });
    const dropped = { key, versionId, runId };
    this.uploads.push(dropped);
    this.story.callIt(runId, `run ${this.uploads.length}`);
    this.story.note('the dropper', `puts ${key} (run ${this.uploads.length})`);
    return dropped;
  }

  async remove({ key, versionId, runId }: Dropped): Promise<void> {
    this.#removed.add(runId);
    this.story.note('the dropper', `removes ${key}`);
    await this.store.delete(this.uploadBucket, key, { versionId });
  }

  async pause(isPaused: boolean): Promise<void> {
    this.story.note('the operator', isPaused ? 'pauses submissions' : 'lets submissions go on');
    if (isPaused) await this.store.put(this.assetBucket, PAUSE_KEY, piece(Buffer.from('{}')));
    else await this.store.delete(this.assetBucket, PAUSE_KEY);
  }

  isUnknowable({ runId }: Dropped): boolean {
    return this.#removed.has(runId) && !this.#heardOf.has(runId);
  }

  async step(): Promise<boolean> {
    const happened = await this.clock.step();
    const [violation] = this.invariants.violations;
    if (violation !== undefined) throw new Violation(violation);
    return happened;
  }

  ledger(): Ledger {
    return this.standIn.ledger();
  }

  close(): void {
    this.machine.close();
  }

  /** Durable, and not yet answered. */
  async #onCreated(object: CreatedObject): Promise<void> {
    const { bucket, key, versionId = '' } = object;
    if (bucket === this.assetBucket && key.endsWith('.json'))
      this.invariants.onDocument(key, await textIn(this.store, bucket, key, versionId));
    else if (bucket === this.assetBucket) await this.#keepBytes(bucket, key, versionId);
    if (tellsEventBridge(this.#template, bucket))
      this.bus.put('default', objectCreatedEvent(object) as BusEvent);
  }

  async #keepBytes(bucket: string, key: string, versionId: string): Promise<void> {
    const pieces: Uint8Array[] = await Array.fromAsync(this.store.get(bucket, key, { versionId }).body);
    this.#bytes.set(`${bucket}/${key}/${versionId}`, Buffer.concat(pieces));
  }

  #onSent(queue: Queue, body: string): void {
    for (const { versionId, runId } of this.uploads)
      if (!this.#heardOf.has(runId) && body.includes(versionId)) this.#heardOf.add(runId);
    if (queue !== this.uploadsQueue) this.story.note(queue.name, 'takes a dead letter');
    this.invariants.onText(`a message of ${queue.name}`, body);
  }

  #startEventSources(): Queue {
    const [source] = this.#template.eventSources;
    const queue = this.queues.get(source?.properties.EventSourceArn ?? '');
    if (!source || !queue) throw new Error('the template has no event source on a queue');
    startEventSource(this, {
      queue,
      functionName: source.properties.FunctionName,
      maxConcurrency: source.properties.ScalingConfig.MaximumConcurrency,
      receivedTwice: this.#setting.receivedTwice ?? (() => false),
    });
    return queue;
  }

  #deliveriesOf(event: BusEvent): DeliverySeconds {
    this.#deliveries += 1;
    return this.#setting.delivery?.(this.#deliveries, event) ?? [between(0.1, 2, this.random)];
  }

  #onExecution(execution: Execution): void {
    const { name, status, executionArn } = execution;
    this.invariants.onText(`the execution ${name}`, JSON.stringify(execution));
    if (status === 'RUNNING') this.story.note('Generation', `starts ${executionArn}`);
    this.bus.put('default', {
      source: 'aws.states',
      'detail-type': 'Step Functions Execution Status Change',
      detail: execution,
    });
  }
}

async function* piece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
