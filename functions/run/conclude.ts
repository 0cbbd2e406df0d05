import { failure } from '../contract/failures.ts';
import type { Manifest } from '../contract/schemas.ts';
import { isoDate } from '../platform/clock.ts';
import type { JsonStore } from '../platform/json-store.ts';
import type { Telemetry } from '../platform/observability.ts';
import { settle } from '../spending/day-ledger.ts';
import { toEvent } from './event.ts';
import { manifestKey } from './keys.ts';
import { hasOpenSend, MAX_ATTEMPTS, mayEnd } from './lifecycle.ts';
import { toManifest } from './manifest.ts';
import {
  chargeOf,
  type FinalRecord,
  isFinal,
  type Kept,
  type NewRecord,
  type RecordIn,
  type RunRecord,
  type Unclaimed,
} from './record.ts';
import { rememberResult } from './result-index.ts';
import type { Runs } from './runs.ts';

type Result = Pick<RecordIn<'stored'>, 'phase' | 'cu' | 'jobFinishedAt' | 'assets' | 'missing'>;
type Reused = Required<Pick<RecordIn<'stored'>, 'jobId' | 'submittedAt' | 'reusedFrom'>>;

/**
 * How a run ends. With `reusedFrom`, it ends with the files of an earlier run of the same image, and nothing is paid.
 */
export type Outcome =
  | Result
  | (Result & Reused)
  | Pick<RecordIn<'failed'>, 'phase' | 'failure'>
  | Pick<RecordIn<'rejected'>, 'phase' | 'failure'>;

/** @param lastError the message of the last error, if it is known */
export function tooManyErrors(lastError?: string): Outcome {
  const detail = lastError === undefined ? '' : `: ${lastError}`;
  const reason = `an unexpected error, ${MAX_ATTEMPTS} times${detail}`;
  return { phase: 'failed', failure: failure('internal', reason) };
}

/**
 * Ends a run: writes the record, then the manifest, then sends the event. Safe to repeat, and safe if another function
 * concludes the run at the same time: only the record decides, and what it says is published.
 *
 * @param run what the caller knows of the run, with its job if it knows one
 * @returns the published record, or undefined if the run cannot end because another function has moved it on
 */
export async function conclude(
  run: Unclaimed | RunRecord,
  outcome: Outcome,
  runs: Runs,
): Promise<FinalRecord | undefined> {
  const hasJob = 'jobId' in run;
  // Without a job of its own, a run can only be stored with the files of an earlier run.
  const lacksModel = outcome.phase === 'stored' && !hasJob && !('reusedFrom' in outcome);
  for (;;) {
    const standing = await runs.records.read(run.runId);
    // A refused send may have become a job, so the run ends only after the job list has settled it.
    if (!hasJob && standing && hasOpenSend(standing.record)) break;
    if (lacksModel || !mayEnd(standing?.record.phase ?? 'none', outcome.phase, hasJob)) break;
    const known = { ...run, ...standing?.record, ...seenByCaller(run, standing?.record) };
    const written = await runs.records.end(standing, toFinalRecord(known, outcome, runs.clock.now()));
    if (!written) continue;
    countOutcome(written.record, runs.telemetry);
    break;
  }
  return await republish(run.runId, runs);
}

/** What the caller knows about the image and its price. A record that was claimed earlier may lack it. */
function seenByCaller(run: Unclaimed | RunRecord, standing: RunRecord | undefined) {
  const { upload, modelId, parameters, quote, quotedAt } = run;
  const priced = quotedAt !== undefined && { quote, quotedAt };
  const asked = { ...(modelId !== undefined && { modelId }), ...(parameters && { parameters }) };
  return { upload: { ...standing?.upload, ...upload }, ...asked, ...priced };
}

/** Removes what an earlier end wrote. */
function toFinalRecord(run: Unclaimed | RunRecord, outcome: Outcome, now: number): NewRecord<FinalRecord['phase']> {
  const nothing = { failure: undefined, missing: undefined, announced: undefined };
  const kept = 'missing' in run && outcome.phase === 'failed' ? { missing: run.missing } : {};
  return { ...run, ...nothing, ...kept, ...outcome, finishedAt: isoDate(now) } as NewRecord<FinalRecord['phase']>;
}

function countOutcome(record: FinalRecord, { count, log }: Telemetry): void {
  if (record.phase === 'rejected') return count('Rejected', 1);
  count(record.phase === 'stored' ? 'Stored' : 'Failed', 1);
  const { quote, cu } = record;
  if (cu) count('CuSpent', cu);
  if (cu !== undefined && quote !== undefined && cu > quote) {
    count('AboveQuote', 1);
    log.error('Scenario charged more than its quote', { cu, quote });
  }
  if (record.phase === 'failed') return;
  if (record.reusedFrom !== undefined) return count('Reused', 1);
  count('GenerationSeconds', (Date.parse(record.finishedAt) - Date.parse(record.submittedAt)) / 1000);
}

/**
 * Writes the manifest of a run that has ended, and sends its event. Each call sends the same event ID.
 *
 * @returns the record, or undefined if the run has not ended
 */
export async function republish(runId: string, runs: Runs): Promise<FinalRecord | undefined> {
  const standing = await writeManifest(runId, runs);
  if (!standing) return undefined;
  const { record } = standing;
  if (!record.announced) {
    await settleLedger(record, runs.documents);
    if (record.phase === 'stored') await rememberResult(record, runs.documents);
  }
  const key = manifestKey(record.upload.key, runId);
  await runs.announce(toEvent(record, { bucket: runs.assetBucket, key }));
  // Sweep checks this. If another function has changed the record in the meantime, that function announces it, too.
  if (!record.announced) await runs.records.end(standing, { ...record, announced: true });
  return record;
}

/** Enters what the run was charged in the day's ledger. A second job, which Scenario made by mistake, counts in full. */
async function settleLedger(record: FinalRecord, documents: JsonStore): Promise<void> {
  for (const { assetId, sentAt, noJob } of record.sends) {
    const isOfJob = 'submittedAt' in record && record.submittedAt === sentAt;
    if (!noJob) await settle({ assetId, at: Date.parse(sentAt) }, isOfJob ? chargeOf(record) : undefined, documents);
  }
}

/**
 * Makes the manifest say what the record says. Reads the manifest's etag before the record, so an older record never
 * wins.
 */
async function writeManifest(runId: string, runs: Runs): Promise<Kept<FinalRecord> | undefined> {
  const first = await runs.records.read(runId);
  if (!first || !isFinal(first.record)) return undefined;
  const key = manifestKey(first.record.upload.key, runId);
  for (;;) {
    const standing = await runs.documents.read(key);
    const kept = await runs.records.read(runId);
    if (!kept || !isFinal(kept.record)) return undefined;
    const manifest = toManifest(kept.record);
    const isCurrent = isSameEnd(standing?.value, manifest);
    if (isCurrent || (await runs.documents.write(key, manifest, standing?.etag)) !== undefined)
      return { record: kept.record, etag: kept.etag };
  }
}

/** A newer version may have written more fields about the same end. They stay. */
function isSameEnd(standing: unknown, { status, finishedAt }: Manifest): boolean {
  if (typeof standing !== 'object' || standing === null) return false;
  return Reflect.get(standing, 'status') === status && Reflect.get(standing, 'finishedAt') === finishedAt;
}
