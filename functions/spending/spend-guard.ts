import type { JsonStore } from '../platform/json-store.ts';
import { readSpent, reserve, type Spend } from './day-ledger.ts';
import { SubmissionsHeldError } from './errors.ts';

/** The team's own limits on spending. @throws SubmissionsHeldError from both methods: the upload is held */
export interface SpendGuard {
  /** Call this before anything is sent to Scenario for an upload. */
  check(spend: Omit<Spend, 'cu'>): Promise<void>;
  /** Call this right before the payment. Reserves the price in the day's ledger. Safe to repeat for the same run. */
  reserve(spend: Spend): Promise<void>;
}

/** While this object exists in the asset bucket, nothing is submitted. Its content does not matter. */
export const PAUSE_KEY = 'control/paused.json';

/** @param maxCuPerDay per UTC day. With Infinity, there is no limit and no ledger */
export function createSpendGuard(store: JsonStore, maxCuPerDay: number): SpendGuard {
  const isLimited = Number.isFinite(maxCuPerDay);

  async function refuseWhilePaused(): Promise<void> {
    if (await store.exists(PAUSE_KEY))
      throw new SubmissionsHeldError(`submissions are paused: ${PAUSE_KEY} exists in the asset bucket`, 'paused');
  }

  function overLimit(): SubmissionsHeldError {
    const used = `the ${maxCuPerDay} compute units of today are used up`;
    const when = 'uploads continue tomorrow (UTC), or when maxCuPerDay is raised';
    return new SubmissionsHeldError(`${used}: ${when}`, 'daily-limit');
  }

  return {
    check: async (spend) => {
      await refuseWhilePaused();
      if (isLimited && (await readSpent(spend, store)) >= maxCuPerDay) throw overLimit();
    },
    reserve: async (spend) => {
      await refuseWhilePaused();
      if (isLimited && !(await reserve(spend, maxCuPerDay, store))) throw overLimit();
    },
  };
}
