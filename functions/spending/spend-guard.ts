import { reserveOn, spentOn } from './day-ledger.ts';
import { SubmissionsHeldError } from '../platform/errors.ts';
import type { JsonObjects } from '../platform/json-store.ts';

/** The team's own brakes on spending. @throws SubmissionsHeldError from both: the upload is held, as for a busy Scenario */
export interface SpendGuard {
  /** Before anything is done for a submission. */
  check(spend: Pick<Spend, 'runId' | 'at'>): Promise<void>;
  /** Right before it is paid: takes its price from the day's compute units. Safe to repeat for the same run. */
  reserve(spend: Spend): Promise<void>;
}

interface Spend {
  readonly runId: string;
  readonly cu: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** While this object exists in the asset bucket, whatever it holds, nothing is submitted. */
export const PAUSE_KEY = 'control/paused.json';

/** @param maxCuPerDay by UTC; Infinity for no limit, and then no ledger is kept */
export function createSpendGuard(objects: JsonObjects, maxCuPerDay: number): SpendGuard {
  const isLimited = Number.isFinite(maxCuPerDay);

  async function refuseWhilePaused(): Promise<void> {
    if (await objects.exists(PAUSE_KEY))
      throw new SubmissionsHeldError(`submissions are paused: ${PAUSE_KEY} exists in the asset bucket`);
  }

  function overLimit(): SubmissionsHeldError {
    const used = `the ${maxCuPerDay} compute units of today are used up`;
    const when = 'it goes on tomorrow (UTC), or when maxCuPerDay is raised';
    return new SubmissionsHeldError(`${used}: ${when}`, 'daily-limit');
  }

  return {
    check: async ({ runId, at }) => {
      await refuseWhilePaused();
      if (isLimited && (await spentOn(at, runId, objects)) >= maxCuPerDay) throw overLimit();
    },
    reserve: async ({ at, ...spend }) => {
      await refuseWhilePaused();
      if (isLimited && !(await reserveOn(at, spend, maxCuPerDay, objects))) throw overLimit();
    },
  };
}
