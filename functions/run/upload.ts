import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Upload } from '../contract/schemas.ts';

/** An image, as S3's "Object Created" event describes it. */
export interface AnnouncedUpload {
  readonly bucket: string;
  /** Plain text. Unlike S3's own notifications, EventBridge does not encode keys. */
  readonly key: string;
  /** Absent if the bucket has no versioning. */
  readonly versionId?: string;
  /** Without quotes. Identifies the bytes if there is no version. */
  readonly etag: string;
  /** Orders the writes to one key. Identifies the upload if there is no version. */
  readonly sequencer: string;
  /** Sweep saw that somebody deleted it before it was processed. Nothing is paid for it. */
  readonly isDeleted?: boolean;
}

const objectCreated = z.object({
  detail: z.object({
    bucket: z.object({ name: z.string() }),
    object: z.object({
      key: z.string().min(1),
      etag: z.string(),
      'version-id': z.string().optional(),
      sequencer: z.string(),
    }),
    'is-deleted': z.boolean().optional(),
  }),
});

/**
 * Reads the upload from the body of a queue message: S3's event in EventBridge's envelope.
 *
 * @throws Error when the body is anything else
 */
export function uploadIn(body: string): AnnouncedUpload {
  const { bucket, object, 'is-deleted': isDeleted } = objectCreated.parse(JSON.parse(body)).detail;
  const { key, etag, sequencer, 'version-id': versionId } = object;
  // With suspended versioning every write is the version "null", which identifies none of them.
  const isVersioned = versionId !== undefined && versionId !== 'null' && versionId !== '';
  const optional = { ...(isVersioned && { versionId }), ...(isDeleted && { isDeleted }) };
  return { bucket: bucket.name, key, etag, sequencer, ...optional };
}

/**
 * Makes a message that puts an upload back into the queue. Only a version identifies the bytes, so this works only in
 * buckets with versioning.
 */
export function uploadMessage(
  { bucket, key, versionId }: Required<Pick<Upload, 'bucket' | 'key' | 'versionId'>>,
  isDeleted = false,
): string {
  const object = { key, 'version-id': versionId, etag: '', sequencer: '' };
  return JSON.stringify({
    source: 'aws.s3',
    'detail-type': 'Object Created',
    detail: { bucket: { name: bucket }, object, ...(isDeleted && { 'is-deleted': true }) },
  });
}

/**
 * The run's ID, which also names its execution: `oak-3f9a…`, a readable slug and 32 hex digits of the upload's
 * identity. The same version of the same key always has the same ID, and no other version has it.
 */
export function runIdOf({
  bucket,
  key,
  versionId,
  sequencer = '',
}: Pick<AnnouncedUpload, 'bucket' | 'key' | 'versionId'> & { readonly sequencer?: string }): string {
  const identity = `${bucket}\n${key}\n${versionId ?? sequencer}`;
  return `${slug(key)}-${createHash('sha256').update(identity).digest('hex').slice(0, 32)}`;
}

const MAX_SLUG_LENGTH = 40;

function slug(key: string): string {
  const plain = baseName(key)
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-');
  const cut = trimDashes(trimDashes(plain).slice(0, MAX_SLUG_LENGTH));
  return cut === '' ? 'image' : cut;
}

function trimDashes(text: string): string {
  return text.replaceAll(/^-+|-+$/g, '');
}

/** The key's last segment without its last extension: `chairs/oak.v2.png` gives `oak.v2`, `.png` stays `.png`. */
export function baseName(key: string): string {
  const last = lastSegment(key);
  const dot = last.lastIndexOf('.');
  return dot > 0 ? last.slice(0, dot) : last;
}

function lastSegment(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}
