import type { JsonStore } from '../platform/json-store.ts';
import { type LedgerEntry, readSpent, reserve, settle } from './day-ledger.ts';
import { SubmissionsHeldError } from './errors.ts';

/** While this object exists in the asset bucket, nothing is submitted. Its content does not matter. */
export const PAUSE_KEY = 'control/paused.json';

/**
 * The team's own limits on spending.
 *
 * @param maxCuPerDay per UTC day. With Infinity, there is no limit and no ledger
 */
export function createSpendGuard(store: JsonStore, maxCuPerDay: number) {
  const isLimited = Number.isFinite(maxCuPerDay);

  function overLimit(): SubmissionsHeldError {
    const used = `the ${maxCuPerDay} compute units of today are used up`;
    const when = 'uploads continue tomorrow (UTC), or when maxCuPerDay is raised';
    return new SubmissionsHeldError(`${used}: ${when}`, 'daily-limit');
  }

  return {
    /**
     * Call this before anything is sent to Scenario for an upload, and again once its price is known.
     *
     * @param now milliseconds since 1970
     * @param cu compute units
     * @throws SubmissionsHeldError
     */
    check: async (now: number, cu = 0): Promise<void> => {
      if (await store.exists(PAUSE_KEY))
        throw new SubmissionsHeldError(`submissions are paused: ${PAUSE_KEY} exists in the asset bucket`, 'paused');
      if (!isLimited) return;
      const spent = await readSpent(now, store);
      if (spent >= maxCuPerDay || spent + cu > maxCuPerDay) throw overLimit();
    },

    /**
     * Reserves the quote in the day's ledger. Call this once the record names the send, so that the reservation is never
     * left behind, and before the payment.
     *
     * @throws SubmissionsHeldError
     */
    reserve: async (entry: LedgerEntry, cu: number): Promise<void> => {
      if (isLimited && !(await reserve(entry, cu, maxCuPerDay, store))) throw overLimit();
    },

    /** Enters a charge that nobody reserved, even above the limit. */
    enter: async (entry: LedgerEntry, cu: number): Promise<void> => {
      if (isLimited) await reserve(entry, cu, Number.POSITIVE_INFINITY, store);
    },

    /** Gives back what was reserved for sends that made no job, which must be certain. */
    credit: async (sends: readonly { readonly assetId: string; readonly sentAt: string }[]): Promise<void> => {
      if (!isLimited) return;
      for (const { assetId, sentAt } of sends) await settle({ assetId, at: Date.parse(sentAt) }, 0, store);
    },
  };
}
