import type { Clock } from '../platform/clock.ts';
import { AwsUnavailableError } from '../platform/errors.ts';
import type { Telemetry } from '../platform/observability.ts';
import {
  AssetNotVisibleError,
  ScenarioAccountError,
  ScenarioBusyError,
  ScenarioUnavailableError,
} from '../scenario/errors.ts';
import { SubmissionsHeldError } from '../spending/errors.ts';
import { TryLaterError } from './errors.ts';
import { ACCOUNT_WAIT_MS, GateClosedError } from './gate.ts';
import type { Invocation } from './submission.ts';

/** The time that a send can need: 60 s for the paid call, and the writes around it. */
export const SEND_MARGIN_MS = 90_000;
/** The time that an orderly end of the invocation needs. */
const LAST_MS = 15_000;

const BUSY_WAIT_MS = 5_000;
const BUSY_SPREAD_MS = 10_000;

/**
 * Holds one upload for a reason that is not the image's fault: Scenario refuses for now, or submissions are paused.
 * Waits and tries again in this invocation for as long as it lasts. So trouble costs a few calls a minute, and the rest
 * of the queue stays where it is.
 *
 * @throws TryLaterError when the time runs out
 */
export async function holdAndRetry<T>(attempt: () => Promise<T>, invocation: Invocation): Promise<T> {
  const { clock, telemetry, remainingMs } = invocation;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const waitMs = waitFor(error, clock);
      if (waitMs === undefined || !(error instanceof Error)) throw error;
      countHold(error, waitMs, telemetry);
      telemetry.log.warn('held', { refusal: error.message, waitSeconds: waitMs / 1000 });
      await clock.sleep(Math.max(0, Math.min(waitMs, remainingMs() - LAST_MS)));
      if (remainingMs() < SEND_MARGIN_MS) throw new TryLaterError(error.message);
    }
  }
}

/** Undefined if waiting does not help. */
function waitFor(error: unknown, clock: Clock): number | undefined {
  if (error instanceof GateClosedError) return error.waitMs;
  const isEnvironment = error instanceof AwsUnavailableError && error.isRefusal;
  if (isEnvironment || error instanceof ScenarioAccountError) return ACCOUNT_WAIT_MS;
  const shortMs = BUSY_WAIT_MS + clock.random() * BUSY_SPREAD_MS;
  if (error instanceof ScenarioBusyError)
    return error.retryAfterSeconds === undefined ? shortMs : Math.max(BUSY_WAIT_MS, error.retryAfterSeconds * 1000);
  if (error instanceof SubmissionsHeldError && error.because === 'daily-limit') return ACCOUNT_WAIT_MS;
  const passes =
    error instanceof ScenarioUnavailableError ||
    error instanceof AssetNotVisibleError ||
    error instanceof AwsUnavailableError ||
    error instanceof SubmissionsHeldError;
  return passes ? shortMs : undefined;
}

function countHold(error: Error, waitMs: number, { count }: Telemetry): void {
  const isFull = error instanceof GateClosedError && error.because === 'busy';
  if (isFull || error instanceof ScenarioBusyError) count('BusySeconds', waitMs / 1000);
  if (error instanceof ScenarioAccountError) count('AccountRefused', 1);
  if (error instanceof SubmissionsHeldError) count(error.because === 'paused' ? 'Paused' : 'OverDailyLimit', 1);
}
