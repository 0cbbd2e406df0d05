import { ListObjectVersionsCommand, type ObjectVersion } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { errorOf } from '../platform/to-error.ts';
import { isIgnored } from '../run/upload.ts';
import { isAnswered } from './resume-upload.ts';
import type { QueueState, SweepTools } from './sweep-tools.ts';

/** How far the sweep has come: a walk through a large bucket takes several calls. */
const progressSchema = z.strictObject({
  schemaVersion: z.literal('1.0'),
  /** Where; absent in documents of earlier versions. */
  uploadBucket: z.string().optional(),
  /** Every upload before this time is known to be answered. */
  doneUntil: z.iso.datetime(),
  /** The walk that is under way; absent between two. */
  walk: z
    .strictObject({
      startedAt: z.iso.datetime(),
      /** Of the uploads that are not answered yet. */
      oldest: z.iso.datetime().optional(),
      keyMarker: z.string(),
      versionIdMarker: z.string().optional(),
    })
    .optional(),
});
type Progress = z.infer<typeof progressSchema>;
type Walk = NonNullable<Progress['walk']>;

const PROGRESS_KEY = 'control/sweep.json';

/** An upload in parts is dated from its beginning, and clocks differ. */
const LATE_MS = 6 * 3_600_000;
const LAST_MS = 60_000;
/** The first sweep comes within a day. Without its document later, the buckets are others, or were emptied. */
const FIRST_SWEEP_MS = 25 * 3_600_000;

/**
 * Looks at every upload that is not known to be answered. What was in a bucket before the deployment is none of ours: it
 * must never be paid for by accident.
 */
export async function walkUploads(queue: QueueState, tools: SweepTools): Promise<void> {
  const kept = await tools.objects.read(PROGRESS_KEY);
  const now = tools.now();
  const progress = progressIn(kept, queue, tools);
  const since = Math.max(queue.createdAt, Date.parse(progress.doneUntil));

  const walk: Walk = { startedAt: isoDate(now), keyMarker: '', ...progress.walk };
  const rest = await walkOn(walk, since, queue, tools);
  const done = { ...progress, walk: undefined, doneUntil: doneUntil(rest) };
  const next = isDone(rest) ? done : { ...progress, walk: rest };
  // Another sweep at the same time has seen the same.
  await tools.objects.write(PROGRESS_KEY, next, kept?.etag);
}

/** A bucket that was brought to a deployment later begins like one that was there before it: what is in it is none of ours. */
function progressIn(
  kept: { readonly value: unknown } | undefined,
  queue: QueueState,
  { now, uploadBucket }: SweepTools,
): Progress {
  const begins = { schemaVersion: '1.0', uploadBucket } as const;
  if (kept) {
    const progress = progressSchema.parse(kept.value);
    const isSame = (progress.uploadBucket ?? uploadBucket) === uploadBucket;
    return isSame ? { ...progress, uploadBucket } : { ...begins, doneUntil: isoDate(now()) };
  }
  const isFirst = now() - queue.createdAt < FIRST_SWEEP_MS;
  return { ...begins, doneUntil: isoDate(isFirst ? queue.createdAt : now()) };
}

function isDone({ keyMarker }: Walk): boolean {
  return keyMarker === '';
}

function doneUntil({ startedAt, oldest }: Walk): string {
  const started = isoDate(Date.parse(startedAt) - LATE_MS);
  return oldest !== undefined && oldest < started ? oldest : started;
}

function isoDate(time: number): string {
  return new Date(time).toISOString();
}

/** Page by page, as long as there is time. An empty marker says that the end is reached. */
async function walkOn(from: Walk, since: number, queue: QueueState, tools: SweepTools): Promise<Walk> {
  let walk = from;
  do {
    const page = await tools.s3.send(
      new ListObjectVersionsCommand({
        Bucket: tools.uploadBucket,
        ...(walk.keyMarker !== '' && { KeyMarker: walk.keyMarker, VersionIdMarker: walk.versionIdMarker }),
      }),
    );
    const { oldest, cutAfter } = await lookedAt(page.Versions ?? [], since, queue, tools);
    walk = {
      startedAt: walk.startedAt,
      oldest: earlier(walk.oldest, oldest),
      keyMarker: page.IsTruncated ? (page.NextKeyMarker ?? '') : '',
      versionIdMarker: page.NextVersionIdMarker,
      ...cutAfter,
    };
  } while (!isDone(walk) && tools.remainingMs() > LAST_MS);
  return walk;
}

function earlier(...times: readonly (string | undefined)[]): string | undefined {
  return times.filter((time) => time !== undefined).sort()[0];
}

/** When the oldest of these uploads that is not answered yet was made, and the last one that there was time for. */
async function lookedAt(
  versions: readonly ObjectVersion[],
  since: number,
  queue: QueueState,
  tools: SweepTools,
): Promise<{ oldest: string | undefined; cutAfter?: Pick<Walk, 'keyMarker' | 'versionIdMarker'> }> {
  let oldest: string | undefined;
  for (const { Key: key, VersionId: versionId, LastModified: createdAt } of versions) {
    // Without versioning a run is named after its event, which is all there ever was of it.
    if (key === undefined || versionId === undefined || versionId === 'null' || !createdAt) continue;
    if (createdAt.getTime() < since || isIgnored(key, tools.ignorePrefixes)) continue;
    const upload = { bucket: tools.uploadBucket, key, versionId };
    const answered = await isAnswered({ ...upload, createdAt: createdAt.getTime() }, queue, tools).catch(
      (error: unknown) => {
        tools.count('LookFailed', 1);
        tools.log.error('an upload could not be looked at', { key, error: errorOf(error) });
        return false;
      },
    );
    if (!answered) oldest = earlier(oldest, createdAt.toISOString());
    if (tools.remainingMs() <= LAST_MS)
      return { oldest, cutAfter: { keyMarker: key, versionIdMarker: versionId } };
  }
  return { oldest };
}
