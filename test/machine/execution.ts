import {
  ExecutionAbortedError,
  ExecutionError,
  ExecutionTimeoutError,
  StateMachine,
  type StateMachineDefinition,
} from 'aws-local-stepfunctions';
import { vi } from 'vitest';
import type { JobCheck } from '../../functions/check-job/check-job.ts';
import { tripo31 } from '../../functions/models/tripo-3-1.ts';
import type { GenerationInput } from '../../functions/submit-job/start-generation.ts';

type JsonValue = Parameters<StateMachine['run']>[0];

export const startedAt = '2026-03-01T12:00:00.000Z';

/** What SubmitJob starts an execution with. */
export const input = {
  runId: 'oak-3f9a',
  jobId: 'job_1',
  modelId: tripo31.id,
  upload: { bucket: 'uploads', key: 'chairs/oak.png', versionId: 'v1' },
  submittedAt: startedAt,
  check: { waitSeconds: 55, times: [55, 80] },
} satisfies GenerationInput;

/** What each function does at its nth call, counted from 0: answer, or throw. */
export interface Functions {
  readonly checkJob: (nth: number, payload: unknown) => JobCheck | Promise<JobCheck>;
  readonly storeAssets?: (nth: number, payload: unknown) => object | Promise<object>;
}

export interface Ended {
  readonly status: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  readonly output?: unknown;
  readonly error?: string;
  readonly cause?: string;
  /** The names of the states in the order that they were entered. */
  readonly states: readonly string[];
  /** How long each stay in WaitForJob was. */
  readonly waits: readonly number[];
  /** How long each retry was waited for, at most: the jitter is taken for its upper end. */
  readonly retryWaits: readonly number[];
  readonly calls: { readonly CheckJob: readonly unknown[]; readonly StoreAssets: readonly unknown[] };
  readonly seconds: number;
}

/** Runs one execution to its end, in time that passes as fast as it is computed. Needs fake timers. */
export async function execute(
  definition: string,
  { checkJob, storeAssets = () => ({ status: 'stored', assets: 1 }) }: Functions,
  { abortAfterSeconds }: { readonly abortAfterSeconds?: number } = {},
): Promise<Ended> {
  vi.spyOn(Math, 'random').mockReturnValue(1 - Number.EPSILON);
  const calls = { CheckJob: [] as unknown[], StoreAssets: [] as unknown[] };
  const handler =
    (name: keyof typeof calls, work: (nth: number, payload: unknown) => object | Promise<object>) =>
    async (payload: JsonValue): Promise<JsonValue> => {
      const nth = calls[name].push(payload) - 1;
      return asJson(await work(nth, payload));
    };
  const begun = Date.now();
  const machine = new StateMachine(JSON.parse(definition) as StateMachineDefinition, {
    // definition-is-valid.test.ts does that once.
    validationOptions: { noValidate: true },
  });
  const { result, eventLogs, abort } = machine.run(asJson(input), {
    overrides: {
      taskResourceLocalHandlers: {
        CheckJob: handler('CheckJob', checkJob),
        StoreAssets: handler('StoreAssets', storeAssets),
      },
    },
  });
  if (abortAfterSeconds !== undefined) setTimeout(abort, abortAfterSeconds * 1000);
  const [how, trail] = await Promise.all([outcome(result), follow(eventLogs), vi.runAllTimersAsync()]);
  return {
    ...how,
    ...trail,
    calls,
    seconds: trail.endedAt === undefined ? 0 : (trail.endedAt - begun) / 1000,
  };
}

function asJson(value: object): JsonValue {
  return JSON.parse(JSON.stringify(value)) as JsonValue;
}

async function outcome(result: Promise<JsonValue>): Promise<Pick<Ended, 'status' | 'output' | 'error' | 'cause'>> {
  try {
    return { status: 'SUCCEEDED', output: await result };
  } catch (error) {
    if (error instanceof ExecutionTimeoutError) return { status: 'TIMED_OUT' };
    if (error instanceof ExecutionAbortedError) return { status: 'ABORTED' };
    if (!(error instanceof ExecutionError) || !(error.cause instanceof Error)) throw error;
    return { status: 'FAILED', error: error.cause.name, cause: error.cause.message };
  }
}

type EventLogs = ReturnType<StateMachine['run']>['eventLogs'];

async function follow(
  events: EventLogs,
): Promise<Pick<Ended, 'states' | 'waits' | 'retryWaits'> & { readonly endedAt?: number }> {
  const states: string[] = [];
  const waits: number[] = [];
  const retryWaits: number[] = [];
  let since = 0;
  let endedAt: number | undefined;
  for await (const event of events) {
    const { type, timestamp } = event;
    if (type === 'StateEntered') states.push(event.state.name);
    if (type === 'StateExited' && event.state.type === 'Wait') waits.push((timestamp - since) / 1000);
    if (type === 'StateRetried') retryWaits.push((timestamp - since) / 1000);
    if (type === 'StateEntered' || type === 'StateFailed') since = timestamp;
    endedAt = timestamp;
  }
  return { states, waits, retryWaits, ...(endedAt !== undefined && { endedAt }) };
}
