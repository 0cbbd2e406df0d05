import * as z from 'zod';
import { SubmissionsHeldError } from '../platform/errors.ts';
import type { JsonObjects } from '../platform/json-store.ts';
import type { FinalRecord } from '../run/record.ts';

/** What the runs of one UTC day cost or may cost, in compute units. A run pays once, so it stands here once. */
const ledgerSchema = z.strictObject({
  schemaVersion: z.literal('1.0'),
  runs: z.record(z.string(), z.number().nonnegative()),
});
type Runs = z.infer<typeof ledgerSchema>['runs'];

/** @param at milliseconds since 1970 */
function ledgerKey(at: number): string {
  return `control/spend/${new Date(at).toISOString().slice(0, 10)}.json`;
}

/** Compute units of all other runs of that day. */
export async function spentOn(at: number, runId: string, objects: JsonObjects): Promise<number> {
  const { runs } = await readLedger(ledgerKey(at), objects);
  return sumOf(runs, runId);
}

/**
 * Changes a day's ledger by a conditional write, as often as somebody else was first.
 *
 * @param change the new runs, or undefined to leave it as it is
 */
async function changeLedger(at: number, objects: JsonObjects, change: (runs: Runs) => Runs | undefined) {
  const key = ledgerKey(at);
  for (;;) {
    const { runs, etag } = await readLedger(key, objects);
    const changed = change(runs);
    if (!changed) return;
    if ((await objects.write(key, { schemaVersion: '1.0', runs: changed }, etag)) !== undefined) return;
  }
}

async function readLedger(key: string, objects: JsonObjects): Promise<{ runs: Runs; etag?: string }> {
  const kept = await objects.read(key);
  if (!kept) return { runs: {} };
  const ledger = ledgerSchema.safeParse(kept.value);
  if (ledger.success) return { runs: ledger.data.runs, etag: kept.etag };
  throw new SubmissionsHeldError(
    `${key} can not be read: mend it, or remove it to begin the day anew`,
    'daily-limit',
  );
}

function sumOf(runs: Runs, without: string): number {
  return Object.entries(runs).reduce((sum, [runId, cu]) => (runId === without ? sum : sum + cu), 0);
}

/** @returns false when that would exceed what the day may cost */
export async function reserveOn(
  at: number,
  { runId, cu }: { readonly runId: string; readonly cu: number },
  mostCu: number,
  objects: JsonObjects,
): Promise<boolean> {
  let fits = true;
  await changeLedger(at, objects, (runs) => {
    fits = sumOf(runs, runId) + cu <= mostCu;
    return fits && runs[runId] !== cu ? { ...runs, [runId]: cu } : undefined;
  });
  return fits;
}

/** Gives back what an ended run did not cost after all: nothing was sent, or its job failed and was refunded. */
export async function creditUnspent(record: FinalRecord, objects: JsonObjects): Promise<void> {
  if (record.phase === 'stored') return;
  if (record.phase === 'failed' && record.jobId !== undefined && record.failure.code !== 'job-failed') return;
  // Without a send it may have reserved all the same, shortly before it ended.
  const at = record.sends.at(-1)?.sentAt ?? record.finishedAt;
  await changeLedger(Date.parse(at), objects, ({ [record.runId]: mine, ...others }) =>
    mine === undefined ? undefined : others,
  ).catch((error: unknown) => {
    // Nobody can spend from a ledger that can not be read, so nothing has to be given back to it.
    if (!(error instanceof SubmissionsHeldError)) throw error;
  });
}
