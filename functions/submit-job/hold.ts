import {
  AwsUnavailableError,
  ScenarioAccountError,
  ScenarioBusyError,
  ScenarioUnavailableError,
  TryLaterError,
} from '../shared/errors.ts';
import type { Count, Log } from '../shared/observed.ts';

export interface HoldTools {
  /** Milliseconds left of this invocation. */
  readonly remainingMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** 0 to 1. */
  readonly random: () => number;
  readonly count: Count;
  readonly log: Log;
}

/** What a send may need: 60 s of the paid call, and the writes around it. */
export const SEND_MARGIN_MS = 90_000;

const ACCOUNT_WAIT_MS = 60_000;
const BUSY_WAIT_MS = 5_000;
const BUSY_SPREAD_MS = 10_000;

/**
 * Holds one upload while Scenario refuses for a reason that is not the image's: waits and tries again inside this
 * invocation, so that trouble costs a few calls a minute and leaves the rest of the queue alone.
 *
 * @throws TryLaterError when the time runs out; the message returns to the queue
 */
export async function held<T>(attempt: () => Promise<T>, tools: HoldTools): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const waitMs = patienceFor(error, tools.random);
      if (waitMs === undefined || !(error instanceof Error)) throw error;
      countRefusal(error, waitMs, tools.count);
      tools.log.warn('held', { refusal: error.message, waitSeconds: waitMs / 1000 });
      if (tools.remainingMs() - waitMs < SEND_MARGIN_MS) throw new TryLaterError(error.message);
      await tools.sleep(waitMs);
    }
  }
}

/** Undefined for what no waiting mends. */
function patienceFor(error: unknown, random: () => number): number | undefined {
  if (error instanceof ScenarioAccountError) return ACCOUNT_WAIT_MS;
  const some = BUSY_WAIT_MS + random() * BUSY_SPREAD_MS;
  if (error instanceof ScenarioUnavailableError || error instanceof AwsUnavailableError) return some;
  if (!(error instanceof ScenarioBusyError)) return undefined;
  return error.retryAfterSeconds === undefined
    ? some
    : Math.max(BUSY_WAIT_MS, error.retryAfterSeconds * 1000);
}

function countRefusal(error: Error, waitMs: number, count: Count): void {
  if (error instanceof ScenarioBusyError) count('BusySeconds', waitMs / 1000);
  if (error instanceof ScenarioAccountError) count('AccountRefused', 1);
}
