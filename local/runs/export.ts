import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ObjectStore } from '../aws/s3/store.ts';
import type { ObjectVersion } from '../aws/s3/stored-version.ts';
import { assetFolder } from '../../functions/run/keys.ts';

const PREFIX = 'models/';

/**
 * Writes the files in the asset bucket folder of a run below `out`. Writes each to a temporary file, then renames it.
 */
export async function exportRun(
  store: ObjectStore,
  bucket: string,
  run: { key: string; runId: string },
  out: string,
): Promise<void> {
  const folder = assetFolder(run.key, run.runId);
  // The key of another upload can begin with this folder.
  const own = store
    .list(bucket, { prefix: folder })
    .objects.filter(({ key }) => !key.slice(folder.length).includes('/'));
  for (const object of own) await exportObject(store, object, out);
}

/** Writes single files of the asset bucket. A run can use those of an earlier run. */
export async function exportKeys(
  store: ObjectStore,
  bucket: string,
  keys: readonly string[],
  out: string,
): Promise<void> {
  for (const key of keys) await exportObject(store, store.head(bucket, key), out);
}

async function exportObject(store: ObjectStore, object: ObjectVersion, out: string): Promise<void> {
  const file = exportedFile(out, object.key);
  await mkdir(dirname(file), { recursive: true });
  const beside = `${file}.part`;
  try {
    await pipeline(store.read(object), createWriteStream(beside));
    await rename(beside, file);
  } finally {
    await rm(beside, { force: true });
  }
}

/**
 * Returns the path for an object of the asset bucket. The layout is that below `models/`, and the path is never outside
 * `out`.
 */
export function exportedFile(out: string, key: string): string {
  return join(out, ...key.slice(PREFIX.length).split('/').map(fileName));
}

const LONGEST_FILE_NAME = 200;
/** Characters that no Windows file name can have, and those that move a terminal's cursor. */
const UNSAFE = /[\u0000-\u001f\u007f<>:"\\|?*]|[. ]$/g;
/** Windows reads `con.png` as the console. */
const DEVICES = /^(con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** Percent-encodes segments that have a special meaning in a file system, and shortens long ones. */
function fileName(segment: string): string {
  if (segment === '') return '%2F';
  if (segment === '.' || segment === '..') return segment.replaceAll('.', '%2E');
  const safe = segment
    .replaceAll(UNSAFE, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
    .replace(DEVICES, '$1%2E');
  if (Buffer.byteLength(safe) <= LONGEST_FILE_NAME) return safe;
  const digest = createHash('sha256').update(segment).digest('hex').slice(0, 16);
  return `${Buffer.from(safe).subarray(0, LONGEST_FILE_NAME).toString().replaceAll('\uFFFD', '')}~${digest}`;
}
