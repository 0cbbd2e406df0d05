import { ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { answer, publish, type Unclaimed } from '../run/conclude.ts';
import { executionOf } from '../platform/execution.ts';
import { failure } from '../contract/failures.ts';
import { isFinal, type Kept, type RecordIn } from '../run/record.ts';
import { reportFailure } from '../run/report-failure.ts';
import { manifestKey, runIdOf } from '../run/upload.ts';
import { uploadMessage } from '../run/upload-message.ts';
import { sendUpload } from './send-upload.ts';
import type { QueueState, SweepTools } from './sweep-tools.ts';

/** One version of one key. */
export interface ListedUpload {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** An event may be late by minutes, and an uncertain send is settled within ten. */
const STANDSTILL_MS = 15 * 60_000;
/** What waits for its turn, or is held, stands still too: patience is longer while there are messages. */
const STANDSTILL_BEHIND_MS = 24 * 3_600_000;
const LONGEST_LOST_MS = 7 * 24 * 3_600_000;

/** Looks at one upload, and does what it takes for its answer to come. @returns whether it has come */
export async function isAnswered(
  upload: ListedUpload,
  queue: QueueState,
  tools: SweepTools,
): Promise<boolean> {
  const runId = runIdOf({ ...upload, version: upload.versionId });
  const kept = await tools.records.read(runId);
  if (kept && isFinal(kept.record))
    return kept.record.announced ?? (await announced(runId, kept.ageMs, tools));
  if (!kept && (await tools.objects.exists(manifestKey(upload.key, runId)))) return true;

  const ageMs = tools.now() - upload.createdAt;
  if (!kept && ageMs > LONGEST_LOST_MS) return true;
  // An execution of its name: it was paid, and its documents were removed since, or lie in another bucket.
  if (!kept && (await executionOf(runId, tools))) return true;
  const stoodMs = kept?.ageMs ?? ageMs;
  if (stoodMs < STANDSTILL_MS) return false;
  if (kept?.record.phase === 'submitted') return await followed(upload, kept.record, tools);
  if (queue.isBehind && stoodMs < STANDSTILL_BEHIND_MS) return false;
  await begunAgain(upload, runId, kept, tools);
  return false;
}

/** The record says how it ended; the rest of the answer was cut short, unless somebody is still at it. */
async function announced(runId: string, ageMs: number, tools: SweepTools): Promise<boolean> {
  return ageMs >= STANDSTILL_MS && (await publish(runId, tools)) !== undefined;
}

/** The job is paid. Its execution may be missing, or have ended without anybody hearing of it. */
async function followed(upload: ListedUpload, { runId }: RecordIn<'submitted'>, tools: SweepTools) {
  const execution = await executionOf(runId, tools);
  if (!execution) await putBack(upload, runId, tools);
  const { executionArn = '', status, error, cause } = execution ?? {};
  if (status === 'FAILED' || status === 'TIMED_OUT' || status === 'ABORTED')
    await reportFailure({ executionArn, name: runId, status, error, cause }, tools);
  return false;
}

/** Nothing says when it was last looked at but the record's age, so that is made or written anew before. */
async function begunAgain(upload: ListedUpload, runId: string, kept: Kept | undefined, tools: SweepTools) {
  const { bucket, key, versionId } = upload;
  const seen = { bucket, key, versionId };
  const unclaimed: Unclaimed = { schemaVersion: '1.0', runId, upload: seen, sends: [], attempts: 0 };
  const run = kept?.record ?? unclaimed;
  if (kept?.record.phase !== 'sending' && (await isDeleted(upload, tools))) {
    const why = failure('upload-deleted', 'the image was deleted before its turn came');
    await answer(run, { phase: 'failed', failure: why }, tools);
    return;
  }
  const renewed = await tools.records.write(kept?.record ?? { ...unclaimed, phase: 'claimed' }, kept);
  if (renewed) await putBack(upload, runId, tools);
}

async function putBack(upload: ListedUpload, runId: string, tools: SweepTools): Promise<void> {
  await sendUpload(runId, uploadMessage(upload), tools);
}

/** Whether a delete marker lies on it. Times alone do not tell: they are whole seconds, and of an upload in parts its beginning. */
async function isDeleted({ bucket, key, versionId, createdAt }: ListedUpload, { s3 }: SweepTools) {
  const { Versions = [], DeleteMarkers = [] } = await s3.send(
    new ListObjectVersionsCommand({ Bucket: bucket, Prefix: key }),
  );
  if (Versions.some(({ VersionId, IsLatest }) => VersionId === versionId && IsLatest)) return false;
  return DeleteMarkers.some(
    ({ Key, IsLatest, LastModified }) =>
      Key === key && (IsLatest || (LastModified !== undefined && LastModified.getTime() > createdAt)),
  );
}
