import { type IndexedKey, currentOf } from './bucket-index.ts';
import { S3Error } from '../s3-error.ts';
import type { ObjectVersion, StoredVersion } from '../stored-version.ts';

/**
 * Returns the object that a GET reads.
 *
 * @throws S3Error NoSuchKey, NoSuchVersion, MethodNotAllowed if the version ID is that of a delete marker
 */
export function readableVersion(key: string, entry: IndexedKey | undefined, versionId?: string): ObjectVersion {
  return versionId === undefined ? requireCurrent(key, entry) : requireVersion(key, entry, versionId);
}

/** `null` is the version without a version ID. */
export function versionOf(entry: IndexedKey | undefined, versionId: string): StoredVersion | undefined {
  return entry?.versions.find((version) => (version.versionId ?? 'null') === versionId);
}

function requireCurrent(key: string, entry: IndexedKey | undefined): ObjectVersion {
  const current = currentOf(entry);
  if (current) return current;
  const marker = entry?.versions[0];
  throw new S3Error('NoSuchKey', `The specified key does not exist: ${key}`, marker && markerHeaders(marker));
}

function requireVersion(key: string, entry: IndexedKey | undefined, versionId: string): ObjectVersion {
  const version = versionOf(entry, versionId);
  if (!version) throw new S3Error('NoSuchVersion', `The specified version does not exist: ${versionId} of ${key}`);
  if (version.kind === 'object') return version;
  throw new S3Error('MethodNotAllowed', 'The specified method is not allowed against a delete marker.', {
    ...markerHeaders(version),
    allow: 'DELETE',
  });
}

function markerHeaders({ versionId = 'null' }: StoredVersion): Record<string, string> {
  return { 'x-amz-delete-marker': 'true', 'x-amz-version-id': versionId };
}
