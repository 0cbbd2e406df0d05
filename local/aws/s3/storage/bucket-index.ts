import type { ObjectVersion, StoredVersion } from '../stored-version.ts';

/** All versions of one key, newest first. Never empty. */
export interface IndexedKey {
  readonly key: string;
  readonly versions: readonly StoredVersion[];
}

export interface Walk {
  readonly prefix?: string | undefined;
  readonly delimiter?: string | undefined;
  /** A key or common prefix. The walk starts after it. */
  readonly after?: string | undefined;
}

export interface BucketIndex {
  find(key: string): IndexedKey | undefined;
  current(key: string): ObjectVersion | undefined;
  /**
   * Adds a version and returns those that it replaces. Only a version without a version ID is replaced, and a key has
   * at most one.
   */
  add(version: StoredVersion): StoredVersion[];
  remove(key: string, sequence: number): void;
  /**
   * Yields keys in UTF-8 byte order. Groups keys that share a prefix up to the delimiter. Skips keys for which `counts`
   * is false.
   */
  walk(walk: Walk, counts: (entry: IndexedKey) => boolean): Generator<IndexedKey | { commonPrefix: string }>;
  all(): Iterable<StoredVersion>;
}

interface Entry {
  /** One character per byte of the key, so that `<` compares keys as S3 does. */
  readonly bytes: string;
  readonly key: string;
  versions: StoredVersion[];
}

export function createBucketIndex(): BucketIndex {
  const byKey = new Map<string, Entry>();
  const sorted: Entry[] = [];

  function add(version: StoredVersion): StoredVersion[] {
    const entry = byKey.get(version.key) ?? insert(version.key);
    const replaced = entry.versions.filter((old) => takesThePlaceOf(version, old));
    entry.versions = [version, ...entry.versions.filter((old) => !replaced.includes(old))];
    entry.versions.sort((a, b) => b.sequence - a.sequence);
    return replaced;
  }

  function insert(key: string): Entry {
    const entry: Entry = { bytes: bytesOf(key), key, versions: [] };
    byKey.set(key, entry);
    sorted.splice(positionOf(sorted, entry.bytes), 0, entry);
    return entry;
  }

  function remove(key: string, sequence: number): void {
    const entry = byKey.get(key);
    if (!entry) return;
    entry.versions = entry.versions.filter((version) => version.sequence !== sequence);
    if (entry.versions.length > 0) return;
    byKey.delete(key);
    sorted.splice(positionOf(sorted, entry.bytes), 1);
  }

  return {
    add,
    remove,
    find: (key) => byKey.get(key),
    current: (key) => currentOf(byKey.get(key)),
    walk: (walk, counts) => walkThrough(sorted, walk, counts),
    all: () => sorted.values().flatMap(({ versions }) => versions.toReversed()),
  };
}

/**
 * Returns the object that a GET without a version ID reads. Returns undefined if the newest version is a delete marker.
 */
export function currentOf(entry: IndexedKey | undefined): ObjectVersion | undefined {
  const newest = entry?.versions[0];
  return newest?.kind === 'object' ? newest : undefined;
}

function takesThePlaceOf(version: StoredVersion, old: StoredVersion): boolean {
  // The same sequence number means the same version with new tags.
  return old.sequence === version.sequence || (old.versionId === undefined && version.versionId === undefined);
}

function* walkThrough(
  sorted: readonly Entry[],
  { prefix = '', delimiter = '', after = '' }: Walk,
  counts: (entry: IndexedKey) => boolean,
): Generator<IndexedKey | { commonPrefix: string }> {
  const [start, separator, last] = [bytesOf(prefix), bytesOf(delimiter), bytesOf(after)];
  let position = positionOf(sorted, last < start ? start : `${last}\0`);
  for (;;) {
    const entry = sorted[position];
    if (!entry?.bytes.startsWith(start)) return;
    const cut = separator ? entry.bytes.indexOf(separator, start.length) : -1;
    if (!counts(entry)) position += 1;
    else if (cut < 0) {
      yield entry;
      position += 1;
    } else {
      const common = entry.bytes.slice(0, cut + separator.length);
      if (common > last) yield { commonPrefix: textOf(common) };
      position = positionOf(sorted, `${common}\u00ff`); // UTF-8 never contains 0xff, so this sorts after all of them
    }
  }
}

/** Returns the position of the first entry that doesn't sort before `bytes`. */
function positionOf(sorted: readonly Entry[], bytes: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle]?.bytes ?? '') < bytes) low = middle + 1;
    else high = middle;
  }
  return low;
}

function bytesOf(text: string): string {
  return Buffer.from(text).toString('latin1');
}

function textOf(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString();
}
