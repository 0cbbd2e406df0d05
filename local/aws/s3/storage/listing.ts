import { type BucketIndex, type IndexedKey, type Walk, currentOf } from './bucket-index.ts';
import type { ObjectVersion, StoredVersion } from '../stored-version.ts';

export interface ListOptions extends Walk {
  /** @default 1000 */
  readonly limit?: number;
}

export interface ObjectPage {
  readonly objects: readonly ObjectVersion[];
  readonly commonPrefixes: readonly string[];
  /** The `after` value for the next page. Absent on the last page. */
  readonly next?: string;
}

export interface VersionListOptions extends ListOptions {
  /** Used with `after`: the page begins with the versions of that key that are older than this one. */
  readonly afterVersionId?: string | undefined;
}

export interface ListedVersion {
  readonly version: StoredVersion;
  readonly isLatest: boolean;
}

export interface VersionPage {
  readonly versions: readonly ListedVersion[];
  readonly commonPrefixes: readonly string[];
  readonly next?: { readonly after: string; readonly afterVersionId?: string };
}

/** Lists current objects, as ListObjectsV2 does. */
export function listObjects(index: BucketIndex, { limit = 1000, ...walk }: ListOptions): ObjectPage {
  const found = index.walk(walk, (entry) => currentOf(entry) !== undefined).take(limit + 1);
  const { page, hasMore } = cut([...found], limit);
  const last = page.at(-1);
  return {
    objects: page.flatMap((item) => ('key' in item ? (currentOf(item) ?? []) : [])),
    commonPrefixes: commonPrefixesIn(page),
    ...(hasMore && last && { next: 'key' in last ? last.key : last.commonPrefix }),
  };
}

/** Lists all versions and delete markers, newest first for each key, as ListObjectVersions does. */
export function listVersions(index: BucketIndex, options: VersionListOptions): VersionPage {
  const { limit = 1000 } = options;
  const { page, hasMore } = cut([...versionsIn(index, options).take(limit + 1)], limit);
  const last = page.at(-1);
  return {
    versions: page.filter((item) => 'version' in item),
    commonPrefixes: commonPrefixesIn(page),
    ...(hasMore && last && { next: positionAfter(last) }),
  };
}

function* versionsIn(
  index: BucketIndex,
  { prefix, delimiter, after, afterVersionId }: VersionListOptions,
): Generator<ListedVersion | { commonPrefix: string }> {
  const begun = after !== undefined && afterVersionId !== undefined ? index.find(after) : undefined;
  if (begun) yield* listed(begun).filter(({ version }) => isOlder(version, afterVersionId));
  for (const item of index.walk({ prefix, delimiter, after }, () => true)) {
    if ('key' in item) yield* listed(item);
    else yield item;
  }
}

function listed({ versions }: IndexedKey): ListedVersion[] {
  return versions.map((version, position) => ({ version, isLatest: position === 0 }));
}

/**
 * Compares by the order of IDs, because a client that deletes while it pages has already deleted the version of the
 * marker.
 */
function isOlder({ versionId }: StoredVersion, than = ''): boolean {
  return than !== 'null' && (versionId === undefined || versionId < than);
}

function positionAfter(last: ListedVersion | { commonPrefix: string }): {
  after: string;
  afterVersionId?: string;
} {
  if (!('version' in last)) return { after: last.commonPrefix };
  return { after: last.version.key, afterVersionId: last.version.versionId ?? 'null' };
}

function cut<T>(found: readonly T[], limit: number): { page: readonly T[]; hasMore: boolean } {
  return { page: found.slice(0, limit), hasMore: limit > 0 && found.length > limit };
}

function commonPrefixesIn(page: readonly object[]): string[] {
  return page.flatMap((item) => ('commonPrefix' in item ? [String(item.commonPrefix)] : []));
}
