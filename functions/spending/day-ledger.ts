import * as z from 'zod';
import { isoDate } from '../platform/clock.ts';
import { checkStrictly, readTolerantly, schemaVersion1 } from '../platform/documents.ts';
import type { JsonStore } from '../platform/json-store.ts';
import { SubmissionsHeldError } from './errors.ts';

/** What the sends of one UTC day cost or can cost, in compute units. */
const ledgerSchema = z.strictObject({
  schemaVersion: schemaVersion1,
  settled: z.number().nonnegative().describe('what the jobs that have ended were charged'),
  open: z.record(z.string(), z.number().nonnegative()).describe('the quote of each other send, by its input asset'),
});
type Ledger = z.infer<typeof ledgerSchema>;
type Totals = Pick<Ledger, 'settled' | 'open'>;

/** One send. Its day is the day when it was sent. */
export interface LedgerEntry {
  readonly assetId: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

function ledgerKey(at: number): string {
  return `control/ledger/${isoDate(at).slice(0, 10)}.json`;
}

/** Returns the compute units of the day of this time. */
export async function readSpent(at: number, store: Pick<JsonStore, 'read'>): Promise<number> {
  return sumWithout('', (await readLedger(ledgerKey(at), store)).ledger);
}

/**
 * Reserves what a send can cost.
 *
 * @returns false if this would exceed the day's limit
 */
export async function reserve(
  { assetId, at }: LedgerEntry,
  cu: number,
  maxCu: number,
  store: JsonStore,
): Promise<boolean> {
  let fits = true;
  await changeLedger(at, store, ({ settled, open }) => {
    fits = sumWithout(assetId, { settled, open }) + cu <= maxCu;
    return fits && open[assetId] !== cu ? { settled, open: { ...open, [assetId]: cu } } : undefined;
  });
  return fits;
}

/**
 * Replaces the reservation of a send by what it was charged. Without a reservation, changes nothing, so it is safe to
 * repeat.
 *
 * @param cu in compute units: 0 if the send made no job or was refunded. If it is not known, the reservation counts
 */
export async function settle({ assetId, at }: LedgerEntry, cu: number | undefined, store: JsonStore): Promise<void> {
  await changeLedger(at, store, ({ settled, open: { [assetId]: reserved, ...open } }) =>
    reserved === undefined ? undefined : { settled: settled + (cu ?? reserved), open },
  ).catch((error: unknown) => {
    // Nobody can spend from an unreadable ledger, so there is nothing to settle.
    if (!(error instanceof SubmissionsHeldError)) throw error;
  });
}

/**
 * Changes a day's ledger with a conditional write. Tries again whenever another writer was first.
 *
 * @param change the new totals, or undefined to leave them as they are
 */
async function changeLedger(at: number, store: JsonStore, change: (totals: Totals) => Totals | undefined) {
  const key = ledgerKey(at);
  for (;;) {
    const { ledger, etag } = await readLedger(key, store);
    const totals = change(ledger);
    if (!totals) return;
    const changed = checkStrictly(ledgerSchema, { ...ledger, ...totals }, ledger);
    if ((await store.write(key, changed, etag)) !== undefined) return;
  }
}

async function readLedger(key: string, store: Pick<JsonStore, 'read'>): Promise<{ ledger: Ledger; etag?: string }> {
  const kept = await store.read(key);
  if (!kept) return { ledger: { schemaVersion: '1.0', settled: 0, open: {} } };
  const ledger = readTolerantly(ledgerSchema, kept.value);
  if (ledger) return { ledger, etag: kept.etag };
  throw new SubmissionsHeldError(`${key} is not valid; fix it, or delete it to reset today's total`, 'daily-limit');
}

function sumWithout(excluded: string, { settled, open }: Totals): number {
  return Object.entries(open).reduce((sum, [assetId, cu]) => (assetId === excluded ? sum : sum + cu), settled);
}
