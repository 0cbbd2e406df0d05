import { createHash } from 'node:crypto';
import * as z from 'zod';

/** One image in the upload bucket, as S3 announced it. The key is plain text: EventBridge does not encode it. */
export const uploadSchema = z.strictObject({
  bucket: z.string(),
  key: z.string(),
  versionId: z.string().optional().describe('absent where the bucket has no versioning'),
  bytes: z.number().int().nonnegative().optional(),
  sha256: z.string().optional().describe('hex, of the image'),
  contentType: z.string().optional().describe('what the bytes say'),
});

export type Upload = z.infer<typeof uploadSchema>;

/** The version, or in a bucket without versioning what stands in for it: the event's sequencer. */
export interface UploadIdentity {
  readonly bucket: string;
  readonly key: string;
  readonly version: string;
}

const SLUG_LENGTH = 40;

/**
 * The run's id, which also names its execution: `oak-3f9a…`, a readable slug and 32 hex of the upload's identity.
 * The same version of the same key always has the same id; a new version never has.
 */
export function runIdOf({ bucket, key, version }: UploadIdentity): string {
  const digest = createHash('sha256').update(`${bucket}\n${key}\n${version}`).digest('hex');
  return `${slug(key)}-${digest.slice(0, 32)}`;
}

function slug(key: string): string {
  const plain = baseName(key)
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-');
  const cut = trimDashes(trimDashes(plain).slice(0, SLUG_LENGTH));
  return cut === '' ? 'image' : cut;
}

function trimDashes(text: string): string {
  return text.replaceAll(/^-+|-+$/g, '');
}

/** The key's last segment without its last extension: `chairs/oak.v2.png` gives `oak.v2`, `.png` stays `.png`. */
export function baseName(key: string): string {
  const last = key.slice(key.lastIndexOf('/') + 1);
  const dot = last.lastIndexOf('.');
  return dot > 0 ? last.slice(0, dot) : last;
}

const LEFT_BEHIND = new Set(['.DS_Store', 'Thumbs.db']);

/** Folder markers, what file managers leave behind, and what the deployment says. Every other object gets an answer. */
export function isIgnored(key: string, ignorePrefixes: readonly string[]): boolean {
  const name = key.slice(key.lastIndexOf('/') + 1);
  return name === '' || LEFT_BEHIND.has(name) || ignorePrefixes.some((prefix) => key.startsWith(prefix));
}

/** Where the run's record lives in the asset bucket. */
export function recordKey(runId: string): string {
  return `runs/${runId}.json`;
}

const LONGEST_UPLOAD_KEY = 600;
const LONGEST_NAME = 100;

/** The folder of the run's files in the asset bucket, with its `/`. S3 allows keys of 1,024 bytes, hence the cut. */
export function assetFolder(uploadKey: string, runId: string): string {
  return `models/${cutUtf8(uploadKey, LONGEST_UPLOAD_KEY)}/${runId}/`;
}

export function manifestKey(uploadKey: string, runId: string): string {
  return `${assetFolder(uploadKey, runId)}manifest.json`;
}

/** The name that a run's files share, before their extension. */
export function assetName(uploadKey: string): string {
  return cutUtf8(baseName(uploadKey), LONGEST_NAME);
}

/** At most so many bytes of UTF-8, cut at a character's border. */
function cutUtf8(text: string, bytes: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(bytes));
  return text.slice(0, read);
}
