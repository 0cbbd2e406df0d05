import { baseName } from './upload.ts';

/** The key of the run's record in the asset bucket. */
export function recordKey(runId: string): string {
  return `runs/${runId}.json`;
}

const MAX_UPLOAD_KEY_BYTES = 600;
const MAX_NAME_BYTES = 100;

/**
 * The folder of the run's files in the asset bucket, with its `/`. Truncated, because S3 allows keys of 1,024 bytes.
 */
export function assetFolder(uploadKey: string, runId: string): string {
  const segments = uploadKey.split('/').map((segment) => segment.replace(/^\.{1,2}$/, encodeDots));
  return `models/${cutUtf8(segments.join('/'), MAX_UPLOAD_KEY_BYTES)}/${runId}/`;
}

/** Many programs take `..` for a way up. */
function encodeDots(dots: string): string {
  return dots.replaceAll('.', '%2E');
}

export function manifestKey(uploadKey: string, runId: string): string {
  return `${assetFolder(uploadKey, runId)}manifest.json`;
}

/** @param folder with its `/` */
export function renditionsKey(folder: string): string {
  return `${folder}renditions.json`;
}

/** The name that a run's files share, before their extension. */
export function assetName(uploadKey: string): string {
  return cutUtf8(baseName(uploadKey), MAX_NAME_BYTES);
}

/** Truncates a string to a number of UTF-8 bytes, between two characters. */
function cutUtf8(text: string, bytes: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(bytes));
  return text.slice(0, read);
}
