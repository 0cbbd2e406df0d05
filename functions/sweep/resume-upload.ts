import { ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { findExecution } from '../platform/execution.ts';
import { endedExecutionMessage } from '../run/ended-execution.ts';
import { isoDate } from '../platform/clock.ts';
import { createUnclaimed, isFinal, type Kept, type RecordIn, type RunRecord } from '../run/record.ts';
import { runIdOf, uploadMessage } from '../run/upload.ts';
import { wasKnown } from '../run/was-known.ts';
import { putBack, type QueueState, type Sweeping } from './sweeping.ts';

/** One version of one key. */
export interface ListedUpload {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** An event can be minutes late, and an uncertain send is settled within ten minutes. */
const STANDSTILL_MS = 15 * 60_000;
/** An upload that waits or is held does not change, either. While the queue has messages, Sweep waits longer. */
const STANDSTILL_BEHIND_MS = 24 * 3_600_000;
/** SQS forgets a message after fourteen days, so what still waits after ten gets another one. */
const QUEUED_MS = 10 * 24 * 3_600_000;
const MAX_LOST_MS = 7 * 24 * 3_600_000;

/**
 * What a look at an upload found. `concluded`: it is announced, too. `waiting`: nothing was sent for it, so nobody can
 * do more for it while the queue has messages. `open`: anything else.
 */
export type Look = 'concluded' | 'waiting' | 'open';

/** Puts back what one upload needs to be concluded. */
export async function resumeUpload(upload: ListedUpload, queue: QueueState, sweeping: Sweeping): Promise<Look> {
  const runId = runIdOf(upload);
  const standing = await sweeping.records.read(runId);
  if (!standing) return await resumeUnknown(upload, runId, queue, sweeping);
  const { record, ageMs } = standing;
  if (isFinal(record) && record.announced) return 'concluded';
  const look = record.phase === 'claimed' ? 'waiting' : 'open';
  if (ageMs < STANDSTILL_MS) return look;
  if (record.phase === 'submitted') await resumeExecution(upload, record, sweeping);
  // The record says how the run ended, but its event was not sent. SubmitJob sends it.
  else if (isFinal(record)) await resubmit(upload, sweeping);
  else if (!queue.isBehind || (ageMs >= STANDSTILL_BEHIND_MS && !isQueued(record, sweeping)))
    await restart(upload, runId, standing, sweeping);
  return look;
}

/** Whether the message that Sweep has put back still waits, as far as anybody can know while the queue has messages. */
function isQueued({ queuedAt }: RunRecord, { clock }: Sweeping): boolean {
  return queuedAt !== undefined && clock.now() - Date.parse(queuedAt) < QUEUED_MS;
}

async function resumeUnknown(
  upload: ListedUpload,
  runId: string,
  queue: QueueState,
  sweeping: Sweeping,
): Promise<Look> {
  const ageMs = sweeping.clock.now() - upload.createdAt;
  if (ageMs > MAX_LOST_MS) return 'concluded';
  if (ageMs < (queue.isBehind ? STANDSTILL_BEHIND_MS : STANDSTILL_MS)) return 'waiting';
  if (await wasKnown({ runId, upload }, sweeping)) return 'concluded';
  await restart(upload, runId, undefined, sweeping);
  return 'waiting';
}

/** A job takes minutes, and storing takes seconds. After this time, something keeps refusing. */
const LATE_MS = 2 * 3_600_000;

function countLate({ runId, submittedAt }: RecordIn<'submitted'>, { clock, telemetry }: Sweeping): void {
  if (clock.now() - Date.parse(submittedAt) < LATE_MS) return;
  telemetry.count('GenerationLate', 1);
  telemetry.log.warn('a paid job is not stored yet', { runId, submittedAt });
}

/** The job is paid for. Its execution may be missing, or its end was not reported. */
async function resumeExecution(upload: ListedUpload, record: RecordIn<'submitted'>, sweeping: Sweeping): Promise<void> {
  const { runId } = record;
  countLate(record, sweeping);
  const execution = await findExecution(runId, sweeping);
  if (!execution) return await resubmit(upload, sweeping);
  const { executionArn = '', status, error, cause } = execution;
  if (status !== 'FAILED' && status !== 'TIMED_OUT' && status !== 'ABORTED') return;
  const ended = { executionArn, name: runId, status, error, cause };
  await putBack(sweeping.queueUrls.reports, endedExecutionMessage(ended), sweeping);
}

/** The record's age shows when Sweep last looked, so the record is written first. */
async function restart(
  upload: ListedUpload,
  runId: string,
  standing: Kept | undefined,
  sweeping: Sweeping,
): Promise<void> {
  const { bucket, key, versionId } = upload;
  const isDeleted = standing?.record.phase !== 'sending' && (await isHiddenByDeleteMarker(upload, sweeping));
  const queuedAt = isoDate(sweeping.clock.now());
  const unclaimed = { ...createUnclaimed(runId, { bucket, key, versionId }), queuedAt };
  // A record in `sending` is never written here: its age bounds what may still happen.
  const isSending = standing?.record.phase === 'sending';
  const mayGoOn = isSending || (await renew(standing, { ...unclaimed, phase: 'claimed' }, sweeping));
  if (mayGoOn) await resubmit(upload, sweeping, isDeleted);
}

async function renew(
  standing: Kept | undefined,
  claim: Parameters<Sweeping['records']['create']>[0],
  { records }: Sweeping,
): Promise<Kept | undefined> {
  if (!standing) return await records.create(claim);
  const { record, etag } = standing;
  if (record.phase === 'claimed')
    return await records.replace({ record, etag }, { ...record, queuedAt: claim.queuedAt });
  return undefined;
}

async function resubmit(upload: ListedUpload, sweeping: Sweeping, isDeleted = false): Promise<void> {
  await putBack(sweeping.queueUrls.uploads, uploadMessage(upload, isDeleted), sweeping);
}

/** Times alone are not enough: they are whole seconds, and a multipart upload has the time of its start. */
async function isHiddenByDeleteMarker(
  { bucket, key, versionId, createdAt }: ListedUpload,
  { s3 }: Sweeping,
): Promise<boolean> {
  const { Versions = [], DeleteMarkers = [] } = await s3.send(
    new ListObjectVersionsCommand({ Bucket: bucket, Prefix: key }),
  );
  if (Versions.some(({ VersionId, IsLatest }) => VersionId === versionId && IsLatest)) return false;
  return DeleteMarkers.some(
    ({ Key, IsLatest, LastModified }) =>
      Key === key && (IsLatest || (LastModified !== undefined && LastModified.getTime() > createdAt)),
  );
}
