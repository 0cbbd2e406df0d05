import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { isDeepStrictEqual } from 'node:util';
import type { NamedImage } from './images.ts';
import { runIdOf } from '../../functions/run/upload.ts';
import { S3Error } from '../aws/s3/s3-error.ts';
import type { ObjectVersion } from '../aws/s3/stored-version.ts';
import type { LocalMeshdrop } from '../runs/local-meshdrop.ts';
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
  readonly seconds: number;
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

/** Waits until the run has ended and its files are written. */
export async function resultOf(
  { image, runId, startedAt }: ImageRun,
  meshdrop: LocalMeshdrop,
  out: string,
): Promise<ImageResult> {
  await meshdrop.runs.ended(runId);
  const seconds = Math.round((Date.now() - startedAt) / 100) / 10;
  await meshdrop.settled(runId);
  const outcome = await outcomeOf(meshdrop.store, meshdrop.assetBucket, { runId, key: image.key }, out);
  return { image: image.typed, runId, ...outcome, seconds };
}
