import type { Aws } from '../../local/aws/create-aws.ts';
import type { EventEnvelope } from '../../local/aws/events/envelope.ts';
import type { Queue } from '../../local/aws/sqs/queue.ts';
import type { ApiAnswer, ApiRequest } from '../../local/scenario/answer.ts';
import type { StandInApi } from '../../local/scenario/api.ts';
import type { StandInOptionsInput } from '../../local/scenario/options.ts';
import type { AwsAnswer, AwsRequest } from './aws-clients.ts';
import type { VirtualClock } from './clock.ts';
import type { Invariants } from './invariants.ts';
import type { Lambda } from './lambda.ts';
import type { Random } from './random.ts';
import type { Story } from './story.ts';
import type { Request, Wire, WirePlan } from './wire.ts';
import type { Ledger } from '../../local/scenario/ledger.ts';

/** An event arrives after this many seconds each: none is a lost event, two are a doubled one. */
export type DeliverySeconds = readonly number[];

/** What a history starts from. Everything else follows from the seed. */
export interface Setting {
  readonly seed: number;
  readonly wire?: WirePlan;
  /** How often, and after how many seconds, the nth event that somebody waits for arrives. */
  readonly delivery?: (nth: number, event: EventEnvelope) => DeliverySeconds | undefined;
  /** Whether the nth receive leaves its message visible to others. */
  readonly receivedTwice?: (nth: number) => boolean;
  /** How far each function's clock is off. */
  readonly skewSeconds?: Readonly<Record<string, number>>;
  readonly standIn?: StandInOptionsInput;
  /** What a deployment says otherwise than the template: `{ MAX_CU_PER_DAY: '1000' }`. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Drop {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** An upload that is owed an answer. */
export interface Dropped {
  readonly key: string;
  readonly versionId: string;
  readonly runId: string;
}

/** The whole product and the world around it, in one process and on virtual time. */
export interface World {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly story: Story;
  readonly wire: Wire;
  readonly aws: Aws;
  readonly lambda: Lambda;
  readonly invariants: Invariants;
  readonly scenarioUrl: string;
  readonly standIn: StandInApi;
  readonly uploads: readonly Dropped[];
  readonly assetBucket: string;
  readonly uploadBucket: string;
  readonly uploadsQueue: Queue;
  environment(functionName: string): Readonly<Record<string, string>>;
  skewMs(functionName: string): number;
  /** What the S3, Step Functions, … of this world make of a client's request. */
  answer(request: AwsRequest): Request<AwsAnswer>;
  scenario(request: ApiRequest): Promise<ApiAnswer>;
  onLog(who: string, line: string): void;
  drop(drop: Drop): Promise<Dropped>;
  /** Whether it was removed before anybody was told of it: then nobody can ever know that it was there. */
  isUnknowable(upload: Dropped): boolean;
  /** Puts the object there that holds all submissions, or takes it away. */
  pause(isPaused: boolean): Promise<void>;
  /** Removes a version for good, as a lifecycle rule or a person would. */
  remove(upload: Dropped): Promise<void>;
  /**
   * One thing happens. False when nothing is left.
   *
   * @throws Violation
   */
  step(): Promise<boolean>;
  ledger(): Ledger;
  /** Of the uploads queue: all receives, and those of the message that was received most. */
  receives(): { readonly all: number; readonly most: number };
  close(): Promise<void>;
}
