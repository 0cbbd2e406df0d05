import { PAUSE_KEY } from '../../../functions/spending/spend-guard.ts';
import type { Aws } from '../../../local/aws/create-aws.ts';
import { guardOf } from '../../../local/aws/iam/gatekeeper.ts';
import type { Queue } from '../../../local/aws/sqs/queue.ts';
import type { Template } from '../../../local/aws/template.ts';
import type { ApiAnswer, ApiRequest } from '../../../local/scenario/answer.ts';
import type { StandInApi } from '../../../local/scenario/api.ts';
import type { Ledger } from '../../../local/scenario/jobs/ledger.ts';
import type { AwsAnswer, AwsRequest } from './aws-clients.ts';
import type { VirtualClock } from './clock.ts';
import { logics } from './functions.ts';
import { type Invariants, Violation } from './invariants.ts';
import { jsonRequest } from './json-calls.ts';
import { createLambda, type Lambda } from './lambda.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { type PaidRuns, watchPayments } from './paid-runs.ts';
import { createRandom, type Random } from './random.ts';
import { s3Request } from './s3-service.ts';
import { findUploadsArn } from './stack.ts';
import type { Story } from './story.ts';
import type { Watch } from './watch.ts';
import { createWire, type Request, type Wire } from './wire.ts';
import type { Drop, Dropped, Setting, World } from './world.ts';
import { runIdOf } from '../../../functions/run/upload.ts';

/** The parts of a world. */
export interface WorldParts {
  readonly setting: Setting;
  readonly scenarioUrl: string;
  readonly template: Template;
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly story: Story;
  readonly standIn: StandInApi;
  readonly uploads: Dropped[];
  readonly watch: Watch;
  readonly aws: Aws;
}

/** Never reached, so that each history keeps a ledger. */
const LIMIT = { MAX_CU_PER_DAY: '100000' };

/** A world with the stack of `npm start`. Only the time, the processes of the functions, and the wire are simulated. */
export class SimulatedWorld implements World {
  readonly clock: VirtualClock;
  readonly story: Story;
  readonly standIn: StandInApi;
  readonly random: Random;
  readonly wire: Wire;
  readonly aws: Aws;
  readonly uploadsQueue: Queue;
  readonly lambda: Lambda;
  readonly metrics: Metrics = createMetrics();
  readonly invariants: Invariants;
  readonly scenarioUrl: string;
  readonly uploads: readonly Dropped[];
  readonly assetBucket: string;
  readonly uploadBucket: string;
  readonly #parts: WorldParts;
  readonly #payments: PaidRuns;
  readonly #removed = new Set<string>();

  constructor(parts: WorldParts) {
    const { setting, template, clock, random, story, standIn, watch, aws } = parts;
    this.#parts = parts;
    this.clock = clock;
    this.story = story;
    this.standIn = standIn;
    this.random = random;
    this.aws = aws;
    this.uploads = parts.uploads;
    this.scenarioUrl = parts.scenarioUrl;
    this.invariants = watch.invariants;
    const { UploadBucketName = '', AssetBucketName = '' } = template.outputs;
    this.uploadBucket = UploadBucketName;
    this.assetBucket = AssetBucketName;
    const wireRandom = createRandom(setting.seed + 3);
    this.wire = createWire({ clock, story, random: wireRandom, plan: setting.wire ?? (() => undefined) });
    this.lambda = createLambda(this, template.functions, logics, random);
    this.#payments = watchPayments(standIn, (runId, assetId) => {
      // A dry run that is charged was not meant to buy anything, so no record could list its asset earlier.
      this.invariants.onPaid(runId, standIn.options().dryRunPays ? undefined : assetId);
    });
    const queue = aws.queues.get(findUploadsArn(template));
    if (!queue) throw new Error('the event source of the template is not a queue');
    this.uploadsQueue = queue;
  }

  environment(functionName: string): Readonly<Record<string, string>> {
    const { template, setting } = this.#parts;
    const found = template.functions.find(({ name }) => name === functionName);
    return { ...found?.properties.Environment?.Variables, ...LIMIT, ...setting.environment };
  }

  skewMs(functionName: string): number {
    return (this.#parts.setting.skewSeconds?.[functionName] ?? 0) * 1000;
  }

  answer(request: AwsRequest, functionName: string): Request<AwsAnswer> {
    const { jsonTools, store, gatekeeper } = this.aws;
    const guard = guardOf(gatekeeper, functionName);
    return jsonRequest(request, jsonTools, functionName) ?? s3Request(request, store, guard);
  }

  scenario(request: ApiRequest): Promise<ApiAnswer> {
    return this.#payments.handle(request);
  }

  onLog(who: string, line: string): void {
    this.story.note(who, `   logs: ${line.replaceAll(/\s+/g, ' ').slice(0, 200)}`);
    this.invariants.onText(`a log line of ${who}`, line);
  }

  async drop({ key, bytes, metadata = {} }: Drop): Promise<Dropped> {
    const { versionId = '' } = await this.aws.store.put(this.uploadBucket, key, piece(bytes), { metadata });
    const runId = runIdOf({ bucket: this.uploadBucket, key, versionId });
    const dropped = { key, versionId, runId };
    const number = this.#parts.uploads.push(dropped);
    this.story.callIt(runId, `run ${number}`);
    this.story.note('the user', `uploads ${key} (run ${number})`);
    return dropped;
  }

  async remove({ key, versionId, runId }: Dropped): Promise<void> {
    this.#removed.add(runId);
    this.story.note('the user', `removes ${key}`);
    await this.aws.store.delete(this.uploadBucket, key, { versionId });
  }

  async pause(isPaused: boolean): Promise<void> {
    this.story.note('the operator', isPaused ? 'pauses submissions' : 'resumes submissions');
    if (isPaused) await this.aws.store.put(this.assetBucket, PAUSE_KEY, piece(Buffer.from('{}')));
    else await this.aws.store.delete(this.assetBucket, PAUSE_KEY);
  }

  isToBeMade(runId: string): boolean {
    return this.#parts.watch.isToBeMade(runId);
  }

  isUnknowable({ runId }: Dropped): boolean {
    return this.#removed.has(runId) && !this.#parts.watch.isHeardOf(runId);
  }

  async step(): Promise<boolean> {
    const happened = await this.clock.step();
    const [violation] = this.invariants.violations;
    if (violation !== undefined) throw new Violation(violation);
    return happened;
  }

  ledger(): Ledger {
    this.#payments.look();
    return this.standIn.ledger();
  }

  receives(): { readonly all: number; readonly most: number } {
    return this.#parts.watch.receives();
  }

  async close(): Promise<void> {
    await this.aws.close();
  }
}

async function* piece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
