import { type BucketIndex, type IndexedKey, type Walk, currentOf } from './bucket-index.ts';
import type { ObjectVersion, StoredVersion } from './stored-version.ts';

export interface ListOptions extends Walk {
  /** @default 1000 */
  readonly limit?: number;
}

export interface ObjectPage {
  readonly objects: readonly ObjectVersion[];
  readonly commonPrefixes: readonly string[];
  /** Where the next page begins (`after`); absent on the last one. */
  readonly next?: string;
}

export interface VersionListOptions extends ListOptions {
  /** With `after`: that key's versions older than this one come first. */
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

/** Current objects, as ListObjectsV2 gives them. */
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

/** Every version and delete marker, newest first within a key, as ListObjectVersions gives them. */
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

/** By the id's own order: who deletes while paging has deleted the version that the marker names. */
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
