import * as z from 'zod';
import { isoDate } from '../platform/clock.ts';
import { checkStrictly, readTolerantly, schemaVersion1 } from '../platform/documents.ts';
import type { JsonStore } from '../platform/json-store.ts';
import { SubmissionsHeldError } from './errors.ts';

/** What the runs of one UTC day cost or can cost, in compute units. A run pays once, so it has one entry. */
const ledgerSchema = z.strictObject({
  schemaVersion: schemaVersion1,
  runs: z.record(z.string(), z.number().nonnegative()),
});
type Ledger = z.infer<typeof ledgerSchema>;
type Runs = Ledger['runs'];

/** The price of one run. */
export interface Spend {
  readonly runId: string;
  /** Compute units. */
  readonly cu: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

function ledgerKey(at: number): string {
  return `control/spend/${isoDate(at).slice(0, 10)}.json`;
}

/** The compute units of all other runs of that day. */
export async function readSpent({ runId, at }: Omit<Spend, 'cu'>, store: JsonStore): Promise<number> {
  const { ledger } = await readLedger(ledgerKey(at), store);
  return sumWithout(runId, ledger.runs);
}

/** @returns false if this would exceed the day's limit */
export async function reserve(spend: Spend, maxCu: number, store: JsonStore): Promise<boolean> {
  const { runId, cu, at } = spend;
  let fits = true;
  await changeLedger(at, store, (runs) => {
    fits = sumWithout(runId, runs) + cu <= maxCu;
    return fits && runs[runId] !== cu ? { ...runs, [runId]: cu } : undefined;
  });
  return fits;
}

/** Gives back what a run did not cost. */
export async function credit({ runId, at }: Omit<Spend, 'cu'>, store: JsonStore): Promise<void> {
  await changeLedger(at, store, ({ [runId]: mine, ...others }) => (mine === undefined ? undefined : others)).catch(
    (error: unknown) => {
      // Nobody can spend from an unreadable ledger, so there is nothing to give back.
      if (!(error instanceof SubmissionsHeldError)) throw error;
    },
  );
}

/**
 * Changes a day's ledger with a conditional write. Tries again whenever another writer was first.
 *
 * @param change the new runs, or undefined to leave them as they are
 */
async function changeLedger(at: number, store: JsonStore, change: (runs: Runs) => Runs | undefined) {
  const key = ledgerKey(at);
  for (;;) {
    const { ledger, etag } = await readLedger(key, store);
    const runs = change(ledger.runs);
    if (!runs) return;
    const changed = checkStrictly(ledgerSchema, { ...ledger, runs }, ledger);
    if ((await store.write(key, changed, etag)) !== undefined) return;
  }
}

async function readLedger(key: string, store: JsonStore): Promise<{ ledger: Ledger; etag?: string }> {
  const kept = await store.read(key);
  if (!kept) return { ledger: { schemaVersion: '1.0', runs: {} } };
  const ledger = readTolerantly(ledgerSchema, kept.value);
  if (ledger) return { ledger, etag: kept.etag };
  throw new SubmissionsHeldError(`${key} is not valid; fix it, or delete it to reset today's total`, 'daily-limit');
}

function sumWithout(excluded: string, runs: Runs): number {
  return Object.entries(runs).reduce((sum, [runId, cu]) => (runId === excluded ? sum : sum + cu), 0);
}
