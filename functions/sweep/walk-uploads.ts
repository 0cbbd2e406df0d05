import { ListObjectVersionsCommand, type ObjectVersion } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { isoDate } from '../platform/clock.ts';
import { checkStrictly, readTolerantly, schemaVersion1 } from '../platform/documents.ts';
import { DocumentUnreadableError, toError } from '../platform/errors.ts';
import { isIgnored } from '../run/ignored.ts';
import { resumeUpload } from './resume-upload.ts';
import type { QueueState, Sweeping } from './sweeping.ts';

/** The progress of the sweep. A walk through a large bucket takes several invocations. */
const progressSchema = z.strictObject({
  schemaVersion: schemaVersion1,
  /** Absent in documents of earlier versions. */
  uploadBucket: z.string().optional(),
  /** Every upload before this time is concluded. */
  doneUntil: z.iso.datetime(),
  /** The current walk. Absent between two walks. */
  walk: z
    .strictObject({
      startedAt: z.iso.datetime(),
      /** The time of the oldest upload that is not concluded yet. */
      oldest: z.iso.datetime().optional(),
      keyMarker: z.string(),
      versionIdMarker: z.string().optional(),
    })
    .optional(),
});
type Progress = z.infer<typeof progressSchema>;
type Walk = NonNullable<Progress['walk']>;

const PROGRESS_KEY = 'control/sweep.json';

/** A multipart upload has the time of its start, and clocks differ. */
const LATE_MS = 6 * 3_600_000;
const LAST_MS = 60_000;
/** The first sweep runs within a day. If its document is missing later, the buckets were replaced or emptied. */
const FIRST_SWEEP_MS = 25 * 3_600_000;

/**
 * Checks every upload that is not known to be concluded. Objects from before the deployment do not belong to it, and
 * must never be paid for by accident.
 */
export async function walkUploads(queue: QueueState, sweeping: Sweeping): Promise<void> {
  const standing = await sweeping.documents.read(PROGRESS_KEY);
  const progress = readProgress(standing?.value, queue, sweeping);
  const since = Math.max(queue.createdAt, Date.parse(progress.doneUntil));

  const begun: Walk = { startedAt: isoDate(sweeping.clock.now()), keyMarker: '', ...progress.walk };
  const walk = await walkPages(begun, since, queue, sweeping);
  const done = { ...progress, walk: undefined, doneUntil: doneUntil(walk) };
  const next = isDone(walk) ? done : { ...progress, walk };
  // If another sweep was first, it has seen the same.
  const document = checkStrictly(progressSchema, next, standing?.value);
  await sweeping.documents.write(PROGRESS_KEY, document, standing?.etag);
}

/** The objects in a bucket that joins a deployment later do not belong to the deployment, either. */
function readProgress(value: unknown, queue: QueueState, { clock, uploadBucket }: Sweeping): Progress {
  const start = { schemaVersion: '1.0', uploadBucket } as const;
  const now = clock.now();
  if (value === undefined) {
    const isFirst = now - queue.createdAt < FIRST_SWEEP_MS;
    return { ...start, doneUntil: isoDate(isFirst ? queue.createdAt : now) };
  }
  const progress = readTolerantly(progressSchema, value);
  if (!progress) throw new DocumentUnreadableError(`${PROGRESS_KEY} cannot be understood`);
  const isSame = (progress.uploadBucket ?? uploadBucket) === uploadBucket;
  return isSame ? { ...progress, uploadBucket } : { ...start, doneUntil: isoDate(now) };
}

function isDone({ keyMarker }: Walk): boolean {
  return keyMarker === '';
}

function doneUntil({ startedAt, oldest }: Walk): string {
  const started = isoDate(Date.parse(startedAt) - LATE_MS);
  return oldest !== undefined && oldest < started ? oldest : started;
}

/** Walks page by page while there is time. An empty marker means that the end is reached. */
async function walkPages(from: Walk, since: number, queue: QueueState, sweeping: Sweeping): Promise<Walk> {
  let walk = from;
  do {
    const page = await sweeping.s3.send(
      new ListObjectVersionsCommand({
        Bucket: sweeping.uploadBucket,
        ...(walk.keyMarker !== '' && { KeyMarker: walk.keyMarker, VersionIdMarker: walk.versionIdMarker }),
      }),
    );
    const { oldest, cutAfter } = await visitPage(page.Versions ?? [], since, queue, sweeping);
    walk = {
      ...walk,
      oldest: earliest(walk.oldest, oldest),
      keyMarker: page.IsTruncated ? (page.NextKeyMarker ?? '') : '',
      versionIdMarker: page.NextVersionIdMarker,
      ...cutAfter,
    };
  } while (!isDone(walk) && sweeping.remainingMs() > LAST_MS);
  return walk;
}

function earliest(...times: readonly (string | undefined)[]): string | undefined {
  return times.filter((time) => time !== undefined).sort()[0];
}

/** Returns the time of the oldest upload that is not concluded yet, and where the walk stopped if the time ran out. */
async function visitPage(
  versions: readonly ObjectVersion[],
  since: number,
  queue: QueueState,
  sweeping: Sweeping,
): Promise<{ oldest: string | undefined; cutAfter?: Pick<Walk, 'keyMarker' | 'versionIdMarker'> }> {
  const { uploadBucket: bucket, ignored, remainingMs, telemetry } = sweeping;
  let oldest: string | undefined;
  for (const { Key: key, VersionId: versionId, LastModified: createdAt } of versions) {
    // Without versioning, a run is named after its event. Without the event, nothing can find it.
    if (key === undefined || versionId === undefined || versionId === 'null' || !createdAt) continue;
    if (createdAt.getTime() < since || isIgnored(key, ignored)) continue;
    const upload = { bucket, key, versionId, createdAt: createdAt.getTime() };
    const isConcluded = await resumeUpload(upload, queue, sweeping).catch((error: unknown) => {
      telemetry.count('LookFailed', 1);
      telemetry.log.error('an upload could not be looked at', { key, error: toError(error) });
      return false;
    });
    if (!isConcluded) oldest = earliest(oldest, createdAt.toISOString());
    if (remainingMs() <= LAST_MS) return { oldest, cutAfter: { keyMarker: key, versionIdMarker: versionId } };
  }
  return { oldest };
}
