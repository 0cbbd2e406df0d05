import type { Aws } from '../../../local/aws/create-aws.ts';
import type { EventEnvelope } from '../../../local/aws/events/envelope.ts';
import type { Queue } from '../../../local/aws/sqs/queue.ts';
import type { ApiAnswer, ApiRequest } from '../../../local/scenario/answer.ts';
import type { StandInApi } from '../../../local/scenario/api.ts';
import type { StandInOptionsInput } from '../../../local/scenario/moods/options.ts';
import type { AwsAnswer, AwsRequest } from './aws-clients.ts';
import type { VirtualClock } from './clock.ts';
import type { Invariants } from './invariants.ts';
import type { Lambda } from './lambda.ts';
import type { Metrics } from './metrics.ts';
import type { Random } from './random.ts';
import type { Story } from './story.ts';
import type { Request, Wire, WirePlan } from './wire.ts';
import type { Ledger } from '../../../local/scenario/jobs/ledger.ts';

/**
 * The delays, in seconds, after which an event is delivered. An empty list loses the event, and two delays deliver it
 * twice.
 */
export type DeliverySeconds = readonly number[];

/** The start of a history. Everything else follows from the seed. */
export interface Setting {
  readonly seed: number;
  readonly wire?: WirePlan;
  /** The deliveries of the nth event, without background events. */
  readonly delivery?: (nth: number, event: EventEnvelope) => DeliverySeconds | undefined;
  /** Returns whether the nth receive leaves its message visible to others. */
  readonly receivedTwice?: (nth: number) => boolean;
  /** The clock skew of each function. */
  readonly skewSeconds?: Readonly<Record<string, number>>;
  readonly standIn?: StandInOptionsInput;
  /** Variables that replace those of the template: `{ MAX_CU_PER_DAY: '1000' }`. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Whether the schedule of the sweep is disabled. */
  readonly isSweepDisabled?: boolean;
}

export interface Drop {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** An upload that must get a result. */
export interface Dropped {
  readonly key: string;
  readonly versionId: string;
  readonly runId: string;
}

/** The whole product and its environment, in one process and on virtual time. */
export interface World {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly story: Story;
  readonly wire: Wire;
  readonly aws: Aws;
  readonly lambda: Lambda;
  readonly metrics: Metrics;
  readonly invariants: Invariants;
  readonly scenarioUrl: string;
  readonly standIn: StandInApi;
  readonly uploads: readonly Dropped[];
  readonly assetBucket: string;
  readonly uploadBucket: string;
  readonly uploadsQueue: Queue;
  environment(functionName: string): Readonly<Record<string, string>>;
  skewMs(functionName: string): number;
  /** Returns the answer of this world's services, such as S3 and Step Functions, to a client's request. */
  answer(request: AwsRequest, functionName: string): Request<AwsAnswer>;
  scenario(request: ApiRequest): Promise<ApiAnswer>;
  onLog(who: string, line: string): void;
  drop(drop: Drop): Promise<Dropped>;
  /** Returns whether the upload was removed before any event about it. Then Meshdrop can't know that it existed. */
  isUnknowable(upload: Dropped): boolean;
  /** Returns whether MakeRenditions was told of the model of the run. An event can be lost on its way. */
  isToBeMade(runId: string): boolean;
  /** Creates or deletes the object that pauses all submissions. */
  pause(isPaused: boolean): Promise<void>;
  /** Permanently deletes a version, as a lifecycle rule or a user does. */
  remove(upload: Dropped): Promise<void>;
  /**
   * Runs the next event. Resolves to false if no event is left.
   *
   * @throws Violation
   */
  step(): Promise<boolean>;
  ledger(): Ledger;
  /** Returns the receives from the uploads queue: the total, and the maximum for one message. */
  receives(): { readonly all: number; readonly most: number };
  close(): Promise<void>;
}
