import { ListObjectVersionsCommand, type ObjectVersion } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { isoDate } from '../platform/clock.ts';
import { checkStrictly, readTolerantly, schemaVersion1 } from '../platform/documents.ts';
import { DocumentUnreadableError, toError } from '../platform/errors.ts';
import { isIgnored } from '../run/ignored.ts';
import { runIdOf } from '../run/upload.ts';
import { type ListedUpload, type Look, resumeUpload } from './resume-upload.ts';
import type { QueueState, Sweeping } from './sweeping.ts';

/** Uploads that are not concluded, by the end of their run ID. Two with the same end are only looked at more often. */
const leftShape = {
  /** To be looked at in each walk. */
  open: z.array(z.string()),
  /** To be looked at less and less often while the queue has messages. */
  waiting: z.array(z.string()),
};

/** The progress in one bucket. A walk through a large bucket takes several invocations. */
const progressShape = {
  /** Every upload before this time is concluded. */
  doneUntil: z.iso.datetime(),
  /** What the last whole walk left, and when it began. Absent before the first, and in documents of earlier versions. */
  left: z.strictObject({ ...leftShape, walkedAt: z.iso.datetime() }).optional(),
  /** The current walk. Absent between two walks. */
  walk: z
    .strictObject({
      startedAt: z.iso.datetime(),
      left: z.strictObject(leftShape).optional(),
      /** The time of the oldest upload that is not concluded yet. */
      oldest: z.iso.datetime().optional(),
      keyMarker: z.string(),
      versionIdMarker: z.string().optional(),
    })
    .optional(),
};
const documentSchema = z.strictObject({
  schemaVersion: schemaVersion1,
  /** Absent in documents of earlier versions. */
  uploadBucket: z.string().optional(),
  ...progressShape,
  /** By the name of the bucket. A bucket that leaves the deployment is forgotten, and starts again if it comes back. */
  more: z.record(z.string(), z.strictObject(progressShape)).optional(),
});
type Document = z.infer<typeof documentSchema>;
type Progress = Pick<Document, keyof typeof progressShape>;
type Walk = NonNullable<Progress['walk']>;

const PROGRESS_KEY = 'control/sweep.json';

/** A multipart upload has the time of its start. */
const LATE_MS = 6 * 3_600_000;
/** The clocks of S3 and of this function differ by less. */
const SKEW_MS = 3_600_000;
/** The requests of one sweep. So ten million objects cost less than a dollar a month, and one walk takes two days. */
const MAX_PAGES = 200;
/** While the queue has messages, the waits between two looks at an upload that waits double, from this to that. */
const [FIRST_WAIT_MS, LONGEST_WAIT_MS] = [15 * 60_000, 12 * 3_600_000];
const LAST_MS = 60_000;
/** The first sweep runs within a day. If its document is missing later, the buckets were replaced or emptied. */
const FIRST_SWEEP_MS = 25 * 3_600_000;

/**
 * Checks every upload that is not known to be concluded. Objects from before the deployment do not belong to it, and
 * must never be paid for by accident.
 */
export async function walkUploads(queue: QueueState, sweeping: Sweeping): Promise<void> {
  const standing = await sweeping.documents.read(PROGRESS_KEY);
  const { more: known = {}, ...document } = readDocument(standing?.value, queue, sweeping);
  const main = await walkBucket(document, queue, sweeping);
  const more: Record<string, Progress> = {};
  for (const uploadBucket of sweeping.moreUploadBuckets) {
    const start = standing === undefined ? { doneUntil: document.doneUntil } : startNow(sweeping);
    more[uploadBucket] = await walkBucket(known[uploadBucket] ?? start, queue, { ...sweeping, uploadBucket });
  }
  const next = { ...document, ...main, more: Object.keys(more).length > 0 ? more : undefined };
  // If another sweep was first, it has seen the same.
  await sweeping.documents.write(PROGRESS_KEY, checkStrictly(documentSchema, next, standing?.value), standing?.etag);
}

/** Walks through the bucket of `sweeping`, or a part of it. */
async function walkBucket(progress: Progress, queue: QueueState, sweeping: Sweeping): Promise<Progress> {
  const since = Math.max(queue.createdAt, Date.parse(progress.doneUntil));
  const begun: Walk = { startedAt: isoDate(sweeping.clock.now()), keyMarker: '', ...progress.walk };
  const last = progress.left && {
    walkedAt: Date.parse(progress.left.walkedAt),
    open: new Set(progress.left.open),
    waiting: new Set(progress.left.waiting),
  };
  const walk = await walkPages(begun, { since, last, queue }, sweeping);
  const left = { ...NOTHING_LEFT, ...walk.left, walkedAt: walk.startedAt };
  if (!isDone(walk)) return { ...progress, walk };
  // Never back: what was in the bucket before it joined the deployment is none of ours.
  const done = [progress.doneUntil, doneUntil(walk)].sort().at(-1) ?? progress.doneUntil;
  return { walk: undefined, left, doneUntil: done };
}

/** The objects in a bucket that joins a deployment later do not belong to the deployment, either. */
function readDocument(value: unknown, queue: QueueState, { clock, uploadBucket }: Sweeping): Document {
  const start = { schemaVersion: '1.0', uploadBucket } as const;
  if (value === undefined) {
    const isFirst = clock.now() - queue.createdAt < FIRST_SWEEP_MS;
    return { ...start, ...(isFirst ? { doneUntil: isoDate(queue.createdAt) } : startNow({ clock })) };
  }
  const document = readTolerantly(documentSchema, value);
  if (!document) throw new DocumentUnreadableError(`${PROGRESS_KEY} cannot be understood`);
  const isSame = (document.uploadBucket ?? uploadBucket) === uploadBucket;
  if (isSame) return { ...document, uploadBucket };
  return { ...start, ...startNow({ clock }), ...(document.more && { more: document.more }) };
}

function startNow({ clock }: Pick<Sweeping, 'clock'>): Progress {
  return { doneUntil: isoDate(clock.now()) };
}

function isDone({ keyMarker }: Walk): boolean {
  return keyMarker === '';
}

function doneUntil({ startedAt, oldest }: Walk): string {
  const started = isoDate(Date.parse(startedAt) - LATE_MS);
  return oldest !== undefined && oldest < started ? oldest : started;
}

const NOTHING_LEFT = { open: [], waiting: [] };

/** Which uploads a walk looks at. */
interface Scope {
  /** Every upload before this time is concluded. Milliseconds since 1970. */
  readonly since: number;
  /** What the last whole walk left. */
  readonly last: (Record<keyof typeof leftShape, ReadonlySet<string>> & { readonly walkedAt: number }) | undefined;
  readonly queue: QueueState;
}

/** Walks page by page while there is time. An empty marker means that the end is reached. */
async function walkPages(from: Walk, scope: Scope, sweeping: Sweeping): Promise<Walk> {
  let walk = from;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const page = await sweeping.s3.send(
      new ListObjectVersionsCommand({
        Bucket: sweeping.uploadBucket,
        ...(walk.keyMarker !== '' && { KeyMarker: walk.keyMarker, VersionIdMarker: walk.versionIdMarker }),
      }),
    );
    const { oldest, cutAfter, left } = await visitPage(page.Versions ?? [], walk, scope, sweeping);
    walk = {
      ...walk,
      oldest: earliest(walk.oldest, oldest),
      left,
      keyMarker: page.IsTruncated ? (page.NextKeyMarker ?? '') : '',
      versionIdMarker: page.NextVersionIdMarker,
      ...cutAfter,
    };
    if (isDone(walk) || sweeping.remainingMs() <= LAST_MS) break;
  }
  return walk;
}

function earliest(...times: readonly (string | undefined)[]): string | undefined {
  return times.filter((time) => time !== undefined).sort()[0];
}

/** Returns the time of the oldest upload that is not concluded yet, and where the walk stopped if the time ran out. */
async function visitPage(versions: readonly ObjectVersion[], walk: Walk, scope: Scope, sweeping: Sweeping) {
  const { uploadBucket: bucket, ignored, remainingMs } = sweeping;
  const left = { open: [...(walk.left?.open ?? [])], waiting: [...(walk.left?.waiting ?? [])] };
  let oldest: string | undefined;
  for (const { Key: key, VersionId: versionId, LastModified: createdAt, ETag: etag = '' } of versions) {
    // Without versioning, a run is named after its event. Without the event, nothing can find it.
    if (key === undefined || versionId === undefined || versionId === 'null' || !createdAt) continue;
    if (createdAt.getTime() < scope.since || isIgnored(key, ignored)) continue;
    const upload = { bucket, key, versionId, createdAt: createdAt.getTime() };
    const look = standingOf(upload, etag, walk, scope) ?? (await lookAt(upload, scope, sweeping));
    if (look !== 'concluded') {
      left[look].push(idOf(upload));
      oldest = earliest(oldest, createdAt.toISOString());
    }
    if (remainingMs() <= LAST_MS) return { oldest, left, cutAfter: { keyMarker: key, versionIdMarker: versionId } };
  }
  return { oldest, left };
}

function idOf(upload: ListedUpload): string {
  return runIdOf(upload).slice(-8);
}

/** What is still true since the last walk. Undefined if the upload has to be looked at. */
function standingOf(upload: ListedUpload, etag: string, walk: Walk, { last, queue }: Scope): Look | undefined {
  if (!last) return undefined;
  const { walkedAt, open, waiting } = last;
  const isMultipart = etag.includes('-');
  if (upload.createdAt >= walkedAt - (isMultipart ? LATE_MS : SKEW_MS)) return undefined;
  const id = idOf(upload);
  if (open.has(id)) return undefined;
  if (!waiting.has(id)) return 'concluded';
  const isDue = turnAt(Date.parse(walk.startedAt), upload) > turnAt(walkedAt, upload);
  return queue.isBehind && !isDue ? 'waiting' : undefined;
}

/** Counts the looks at an upload that are due by a time. */
function turnAt(time: number, { createdAt }: ListedUpload): number {
  const waits = Math.max(1, (time - createdAt) / FIRST_WAIT_MS);
  const longest = LONGEST_WAIT_MS / FIRST_WAIT_MS;
  return waits < longest ? Math.floor(Math.log2(waits)) : Math.floor(Math.log2(longest) + waits / longest);
}

async function lookAt(upload: ListedUpload, { queue }: Scope, sweeping: Sweeping): Promise<Look> {
  return await resumeUpload(upload, queue, sweeping).catch((error: unknown) => {
    sweeping.telemetry.count('LookFailed', 1);
    sweeping.telemetry.log.error('an upload could not be looked at', { key: upload.key, error: toError(error) });
    return 'open';
  });
}
