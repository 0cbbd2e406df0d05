import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { isDeepStrictEqual } from 'node:util';
import { runIdOf } from '../../functions/run/upload.ts';
import type { NamedImage } from './images.ts';
import type { LocalAws } from '../aws/local-aws.ts';
import { outcomeOf, type RunOutcome } from '../runs/outcome.ts';
import { S3Error } from '../aws/s3/s3-error.ts';
import type { ObjectVersion } from '../aws/s3/stored-version.ts';

/** An image of the command line, and the run that it became. */
export interface ImageRun {
  readonly image: NamedImage;
  readonly runId: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

/** What is said of an image when its run has ended. */
export interface ImageResult extends RunOutcome {
  readonly image: string;
  readonly runId: string;
  readonly seconds: number;
}

/**
 * Uploads an image. One that lies there already, the same bytes with the same parameters, and whose run has not ended, is
 * not uploaded again: whoever repeats an interrupted command goes on with what is paid.
 */
export async function startImage(
  image: NamedImage,
  metadata: Readonly<Record<string, string>>,
  aws: LocalAws,
): Promise<ImageRun> {
  const startedAt = Date.now();
  // As header values travel: the bytes of UTF-8, one character each.
  const travelling = Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [name, Buffer.from(value).toString('latin1')]),
  );
  const standing = await unfinished(image, travelling, aws);
  if (standing) return { image, runId: standing, startedAt };
  const version = await aws.store.put(aws.uploadBucket, image.key, createReadStream(image.file), {
    metadata: travelling,
  });
  return { image, runId: runIdIn(aws, version), startedAt };
}

function runIdIn(aws: LocalAws, { key, versionId }: ObjectVersion): string {
  if (versionId === undefined) throw new Error(`the bucket ${aws.uploadBucket} has no versions`);
  return runIdOf({ bucket: aws.uploadBucket, key, version: versionId });
}

/** The run of the very same upload, as long as somebody is at work on it. */
async function unfinished(
  image: NamedImage,
  metadata: Readonly<Record<string, string>>,
  aws: LocalAws,
): Promise<string | undefined> {
  const standing = currentVersion(image.key, aws);
  if (!standing || !isDeepStrictEqual(standing.metadata ?? {}, metadata)) return undefined;
  if (standing.etag !== (await md5Of(image.file))) return undefined;
  const runId = runIdIn(aws, standing);
  return aws.runs.isUnderWay(runId) ? runId : undefined;
}

function currentVersion(key: string, { store, uploadBucket }: LocalAws): ObjectVersion | undefined {
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

/** Resolves when the run has ended and its files are written. */
export async function resultOf(
  { image, runId, startedAt }: ImageRun,
  aws: LocalAws,
  out: string,
): Promise<ImageResult> {
  await aws.runs.ended(runId);
  const seconds = Math.round((Date.now() - startedAt) / 100) / 10;
  await aws.settled(runId);
  const outcome = await outcomeOf(aws.store, aws.assetBucket, { runId, key: image.key }, out);
  return { image: image.typed, runId, ...outcome, seconds };
}
