import type { Announce } from './announce.ts';
import { creditUnspent } from '../spending/day-ledger.ts';
import { eventOf } from './event.ts';
import type { JsonObjects } from '../platform/json-store.ts';
import { manifestOf } from './manifest.ts';
import type { Count } from '../platform/observability.ts';
import {
  type FinalRecord,
  isFinal,
  type Kept,
  type NewRecord,
  type Phase,
  type RecordIn,
  type Records,
  type RunRecord,
} from './record.ts';
import { rememberResult } from './reuse-index.ts';
import { manifestKey } from './upload.ts';

type Result = Pick<RecordIn<'stored'>, 'phase' | 'cu' | 'jobFinishedAt' | 'assets' | 'missing'>;
type Reused = Required<Pick<RecordIn<'stored'>, 'jobId' | 'submittedAt' | 'reusedFrom'>>;

/** How a run ends. `reusedFrom`: with what an earlier run made of the same image, and nothing is paid. */
export type Outcome =
  | Result
  | (Result & Reused)
  | Pick<RecordIn<'failed'>, 'phase' | 'failure' | 'assets' | 'missing'>
  | Pick<RecordIn<'rejected'>, 'phase' | 'failure'>;

export interface AnswerTools {
  readonly records: Records;
  readonly objects: JsonObjects;
  readonly assetBucket: string;
  readonly announce: Announce;
  readonly count: Count;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** A run that never had a record, as far as it is known. */
export type Unclaimed = Omit<Extract<NewRecord, { phase: 'claimed' }>, 'phase'>;

/**
 * Ends a run: wins the record, writes the manifest from it, announces it, in this order. Safe to repeat, and beside
 * another answer at the same time: the record is the only judge, and what it says is what is published.
 *
 * @param run as the caller saw it, with its job when it knew of one
 * @returns the record as published, or undefined when the run can not end yet, because somebody else has moved it on
 */
export async function answer(
  run: Unclaimed | RunRecord,
  outcome: Outcome,
  tools: AnswerTools,
): Promise<FinalRecord | undefined> {
  for (;;) {
    const kept = await tools.records.read(run.runId);
    if (!mayEndFrom(run, outcome).includes(kept?.record.phase ?? 'none')) break;
    const ended = endedRecord(
      { ...run, ...kept?.record, ...seenIn(run, kept?.record) },
      outcome,
      tools.now(),
    );
    const written = await tools.records.write(ended, kept);
    if (!written) continue;
    countOutcome(written.record, tools.count);
    break;
  }
  return await publish(run.runId, tools);
}

type From = readonly (Phase | 'none')[];

/**
 * Nothing ever leaves `stored` or `rejected`, and `sending` is never buried. Who knows of no job ends a run only as long
 * as nobody has paid for it.
 */
function mayEndFrom(run: Unclaimed | RunRecord, outcome: Outcome): From {
  if ('reusedFrom' in outcome) return ['none', 'claimed'];
  if (outcome.phase === 'stored') return ['submitted', 'failed'];
  return outcome.phase === 'failed' && 'jobId' in run ? ['submitted'] : ['none', 'claimed'];
}

/** What the caller has read of the image and its price, a record that was claimed before may not know yet. */
function seenIn({ upload, parameters, quote, quotedAt }: Unclaimed | RunRecord, kept: RunRecord | undefined) {
  const priced = quotedAt !== undefined && { quote, quotedAt };
  return { upload: { ...kept?.upload, ...upload }, ...(parameters && { parameters }), ...priced };
}

/** Of an earlier answer nothing is left. */
const ANSWERED = { failure: undefined, missing: undefined, announced: undefined };

function endedRecord(run: Unclaimed | RunRecord, outcome: Outcome, now: number): NewRecord {
  const { failure: _, missing: __, announced: ___, ...rest } = { ...ANSWERED, ...run };
  return { ...rest, ...outcome, finishedAt: new Date(now).toISOString() } as NewRecord;
}

function countOutcome(record: RunRecord, count: Count): void {
  if (record.phase === 'rejected') count('Rejected', 1);
  if (record.phase === 'failed') count('Failed', 1);
  if (record.phase !== 'stored') return;
  count('Stored', 1);
  if (record.reusedFrom !== undefined) return count('Reused', 1);
  if (record.cu !== undefined) count('CuSpent', record.cu);
  count('GenerationSeconds', (Date.parse(record.finishedAt) - Date.parse(record.submittedAt)) / 1000);
}

/**
 * Writes the manifest of an ended run, then all that others may know of it, and announces it: as often as it is called,
 * with the same event id.
 *
 * @returns the record, or undefined when the run has not ended
 */
export async function publish(runId: string, tools: AnswerTools): Promise<FinalRecord | undefined> {
  const kept = await projected(runId, tools);
  if (!kept) return undefined;
  const { record } = kept;
  await creditUnspent(record, tools.objects);
  await rememberResult(record, tools.objects);
  const key = manifestKey(record.upload.key, runId);
  await tools.announce(eventOf(record, { bucket: tools.assetBucket, key }));
  // By this the sweep knows. Somebody who has changed the record meanwhile announces it too.
  if (!record.announced) await tools.records.write({ ...record, announced: true }, kept);
  return record;
}

/** Brings the manifest to what the record says. The manifest's etag is read first, so an older record never wins. */
async function projected(runId: string, tools: AnswerTools): Promise<Kept<FinalRecord> | undefined> {
  const run = await tools.records.read(runId);
  if (!run || !isFinal(run.record)) return undefined;
  const key = manifestKey(run.record.upload.key, runId);
  for (;;) {
    const standing = await tools.objects.read(key);
    const kept = await tools.records.read(runId);
    if (!kept || !isFinal(kept.record)) return undefined;
    const manifest = manifestOf(kept.record);
    const isProjected = JSON.stringify(standing?.value) === JSON.stringify(manifest);
    if (isProjected || (await tools.objects.write(key, manifest, standing?.etag)) !== undefined)
      return { record: kept.record, etag: kept.etag };
  }
}
