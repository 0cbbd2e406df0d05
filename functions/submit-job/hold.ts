import {
  AwsUnavailableError,
  ScenarioAccountError,
  ScenarioBusyError,
  ScenarioUnavailableError,
  SubmissionsHeldError,
  TryLaterError,
} from '../platform/errors.ts';
import type { Count, Log } from '../platform/observability.ts';

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
/** What it takes to end an invocation in good order. */
const LAST_MS = 15_000;

const ACCOUNT_WAIT_MS = 60_000;
const BUSY_WAIT_MS = 5_000;
const BUSY_SPREAD_MS = 10_000;

/**
 * Holds one upload for a reason that is not the image's: Scenario refuses for now, or submissions are paused. Waits and
 * tries again inside this invocation and as long as it lasts, so that trouble costs a few calls a minute and the rest of
 * the queue stays where it is.
 *
 * @throws TryLaterError when the time runs out; the message returns to the queue, to be the next that is received
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
      await tools.sleep(Math.max(0, Math.min(waitMs, tools.remainingMs() - LAST_MS)));
      if (tools.remainingMs() < SEND_MARGIN_MS) throw new TryLaterError(error.message);
    }
  }
}

/** Undefined for what no waiting mends. */
function patienceFor(error: unknown, random: () => number): number | undefined {
  if (error instanceof ScenarioAccountError) return ACCOUNT_WAIT_MS;
  const some = BUSY_WAIT_MS + random() * BUSY_SPREAD_MS;
  if (error instanceof ScenarioBusyError)
    return error.retryAfterSeconds === undefined
      ? some
      : Math.max(BUSY_WAIT_MS, error.retryAfterSeconds * 1000);
  const passes =
    error instanceof ScenarioUnavailableError ||
    error instanceof AwsUnavailableError ||
    error instanceof SubmissionsHeldError;
  return passes ? some : undefined;
}

function countRefusal(error: Error, waitMs: number, count: Count): void {
  if (error instanceof ScenarioBusyError) count('BusySeconds', waitMs / 1000);
  if (error instanceof ScenarioAccountError) count('AccountRefused', 1);
  if (error instanceof SubmissionsHeldError)
    count(error.because === 'paused' ? 'Paused' : 'OverDailyLimit', 1);
}
