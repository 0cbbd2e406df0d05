import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { NamedImage } from './images.ts';
import { runIdOf } from '../../functions/run/upload.ts';
import { S3Error } from '../aws/s3/s3-error.ts';
import type { ObjectVersion } from '../aws/s3/stored-version.ts';
import type { LocalMeshdrop } from '../runs/local-meshdrop.ts';
import { exportedFile } from '../runs/export.ts';
import type { RenditionsView } from '../runs/runs.ts';
import { outcomeOf, type RunOutcome } from '../runs/outcome.ts';

/** An image from the command line and its run. */
export interface ImageRun {
  readonly image: NamedImage;
  readonly runId: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

/** The result of an image after its run has ended. */
export interface ImageResult extends RunOutcome {
  readonly image: string;
  readonly runId: string;
  /** Until it was stored, or failed. */
  readonly seconds: number;
  /** The paths of the renditions. null if there are none, or if they take too long. */
  readonly renditions: Renditions | null;
}

/** Paths of files that were made of a model. null if one could not be made. */
export interface Renditions {
  readonly web: string | null;
  /** Only if the setting names it. */
  readonly plain?: string;
  readonly ar: string | null;
  readonly poster: string | null;
  readonly turntable: string | null;
}

/**
 * Uploads an image. Doesn't upload it again if the bucket has the same bytes with the same parameters and their run has
 * not ended, so that a repeated command continues a run that is already paid.
 */
export async function startImage(
  image: NamedImage,
  metadata: Readonly<Record<string, string>>,
  meshdrop: LocalMeshdrop,
): Promise<ImageRun> {
  const startedAt = Date.now();
  // Header values carry UTF-8 as one character per byte.
  const travelling = Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [name, Buffer.from(value).toString('latin1')]),
  );
  const standing = await unfinished(image, travelling, meshdrop);
  if (standing) return { image, runId: standing, startedAt };
  const version = await meshdrop.store.put(meshdrop.uploadBucket, image.key, createReadStream(image.file), {
    metadata: travelling,
  });
  return { image, runId: runIdIn(meshdrop, version), startedAt };
}

function runIdIn(meshdrop: LocalMeshdrop, { key, versionId }: ObjectVersion): string {
  if (versionId === undefined) throw new Error(`the bucket ${meshdrop.uploadBucket} has no versioning`);
  return runIdOf({ bucket: meshdrop.uploadBucket, key, versionId });
}

/** Finds the unfinished run of an identical upload. */
async function unfinished(
  image: NamedImage,
  metadata: Readonly<Record<string, string>>,
  meshdrop: LocalMeshdrop,
): Promise<string | undefined> {
  const standing = currentVersion(image.key, meshdrop);
  if (!standing || !isDeepStrictEqual(standing.metadata ?? {}, metadata)) return undefined;
  if (standing.etag !== (await md5Of(image.file))) return undefined;
  const runId = runIdIn(meshdrop, standing);
  return meshdrop.runs.isUnderWay(runId) ? runId : undefined;
}

function currentVersion(key: string, { store, uploadBucket }: LocalMeshdrop): ObjectVersion | undefined {
  try {
    return store.head(uploadBucket, key);
  } catch (error) {
    if (error instanceof S3Error && error.status === 404) return undefined;
    throw error;
  }
}

async function md5Of(file: string): Promise<string> {
  const hash = createHash('md5');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** Renditions that take longer are finished by the next start. */
const FINISHING_MS = 120_000;

function renditionsOf(view: RenditionsView | undefined, out: string): Renditions | null {
  if (!view) return null;
  const pathOf = (wanted: string) => {
    const file = view.files.find(({ role }) => role === wanted);
    return file ? exportedFile(out, file.key) : null;
  };
  const plain = pathOf('plain');
  const files = { web: pathOf('web'), ar: pathOf('ar'), poster: pathOf('poster'), turntable: pathOf('turntable') };
  return { ...files, ...(plain !== null && { plain }) };
}

/** Waits until the run has ended, its files are written, and its renditions are made. */
export async function resultOf(
  { image, runId, startedAt }: ImageRun,
  meshdrop: LocalMeshdrop,
  out: string,
): Promise<ImageResult> {
  const { runs } = meshdrop;
  await runs.ended(runId);
  const seconds = Math.round((Date.now() - startedAt) / 100) / 10;
  await meshdrop.settled(runId);
  const late = new AbortController();
  const waited = sleep(FINISHING_MS, undefined, { signal: late.signal }).catch(() => undefined);
  await Promise.race([runs.finished(runId), waited]);
  late.abort();
  const outcome = outcomeOf({ runId, key: image.key }, meshdrop, out);
  return { image: image.typed, runId, ...outcome, seconds, renditions: renditionsOf(runs.get(runId)?.renditions, out) };
}
