import type { JsonStore } from '../platform/json-store.ts';
import { readSpent, reserve, type Spend } from './day-ledger.ts';
import { SubmissionsHeldError } from './errors.ts';

/** The team's own brakes on spending. @throws SubmissionsHeldError from both methods: the upload is held */
export interface SpendGuard {
  /** Before anything is done for a submission. */
  check(spend: Omit<Spend, 'cu'>): Promise<void>;
  /** Right before the payment: takes the price from the day's compute units. Safe to repeat for the same run. */
  reserve(spend: Spend): Promise<void>;
}

/** While this object exists in the asset bucket, whatever it contains, nothing is submitted. */
export const PAUSE_KEY = 'control/paused.json';

/** @param maxCuPerDay by UTC; Infinity for no limit, and then no ledger is kept */
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
