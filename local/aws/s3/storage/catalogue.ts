import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type BucketIndex, createBucketIndex } from './bucket-index.ts';
import { type JournalEntry, createJournal, entriesIn } from './journal.ts';
import { S3Error } from '../s3-error.ts';
import type { DeleteMarker, ObjectVersion, StoredVersion } from '../stored-version.ts';

export interface Bucket {
  readonly name: string;
  readonly versioned: boolean;
  readonly created: Date;
}

interface CataloguedBucket extends Bucket {
  readonly index: BucketIndex;
}

/** Conditions on the current object. A delete marker counts as no object. */
export interface WriteConditions {
  readonly ifNoneMatch?: '*' | undefined;
  /** An ETag, with or without quotes. */
  readonly ifMatch?: string | undefined;
}

type Stamp = 'sequence' | 'versionId' | 'lastModified';
export type ObjectDraft = Omit<ObjectVersion, Stamp>;

/**
 * The contents of all buckets, in memory and in the journal that the next start reads. No method awaits anything, so no
 * other request can come between a condition and the write that depends on it.
 */
export interface Catalogue {
  createBucket(name: string, versioned: boolean): void;
  /** @throws S3Error BucketNotEmpty */
  deleteBucket(name: string): void;
  buckets(): CataloguedBucket[];
  /** @throws S3Error NoSuchBucket */
  bucket(name: string): CataloguedBucket;
  /** @throws S3Error PreconditionFailed, NoSuchKey */
  put(bucket: string, draft: ObjectDraft, conditions: WriteConditions): Change<ObjectVersion>;
  putDeleteMarker(bucket: string, key: string): DeleteMarker;
  /** Replaces the description of a version, such as its tags. */
  amend(bucket: string, version: ObjectVersion): void;
  remove(bucket: string, version: StoredVersion): void;
}

export interface Change<V> {
  readonly version: V;
  readonly replaced: readonly StoredVersion[];
}

/**
 * Reads the journal in `folder` and rewrites it without obsolete entries. Without a folder, keeps everything in memory.
 */
export function createCatalogue(folder: string | undefined, now: () => number): Catalogue {
  const path = folder === undefined ? undefined : join(folder, 'journal.jsonl');
  const salt = path === undefined ? unsalted : salted;
  const buckets = new Map<string, CataloguedBucket>();
  let sequence = 0;
  for (const entry of path === undefined ? [] : entriesIn(path)) apply(entry);
  const journal = path === undefined ? undefined : createJournal(path, essence(sequence, buckets.values()));

  function apply(entry: JournalEntry): StoredVersion[] {
    if (entry.did === 'count') sequence = entry.sequence;
    else if (entry.did === 'create-bucket') {
      const index = buckets.get(entry.bucket)?.index ?? createBucketIndex();
      buckets.set(entry.bucket, {
        name: entry.bucket,
        versioned: entry.versioned,
        created: entry.created,
        index,
      });
    } else if (entry.did === 'delete-bucket') buckets.delete(entry.bucket);
    else if (entry.did === 'remove') bucket(entry.bucket).index.remove(entry.key, entry.sequence);
    else {
      sequence = Math.max(sequence, entry.version.sequence);
      return bucket(entry.bucket).index.add(entry.version);
    }
    return [];
  }

  function record(entry: JournalEntry): StoredVersion[] {
    journal?.append(entry);
    return apply(entry);
  }

  function bucket(name: string): CataloguedBucket {
    const found = buckets.get(name);
    if (!found) throw new S3Error('NoSuchBucket', `The specified bucket does not exist: ${name}`);
    return found;
  }

  function stamp({ versioned }: Bucket): Pick<StoredVersion, Stamp> {
    const next = sequence + 1;
    const lastModified = new Date(now());
    return { sequence: next, lastModified, ...(versioned && { versionId: sequencer(next) + salt() }) };
  }

  return {
    bucket,
    buckets: () => [...buckets.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    createBucket: (name, versioned) => {
      if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name))
        throw new S3Error('InvalidBucketName', `The specified bucket is not valid: ${name}`);
      const known = buckets.get(name);
      if (known && (known.versioned || !versioned)) return;
      record({ did: 'create-bucket', bucket: name, versioned, created: known?.created ?? new Date(now()) });
    },
    deleteBucket: (name) => {
      if (!bucket(name).index.all()[Symbol.iterator]().next().done)
        throw new S3Error('BucketNotEmpty', 'The bucket you tried to delete is not empty');
      record({ did: 'delete-bucket', bucket: name });
    },
    put: (name, draft, conditions) => {
      const into = bucket(name);
      requireConditions(into.index.current(draft.key), conditions);
      const version: ObjectVersion = { ...draft, ...stamp(into) };
      return { version, replaced: record({ did: 'put', bucket: name, version }) };
    },
    putDeleteMarker: (name, key) => {
      const version: DeleteMarker = { kind: 'delete-marker', key, ...stamp(bucket(name)) };
      record({ did: 'put', bucket: name, version });
      return version;
    },
    amend: (name, version) => void record({ did: 'put', bucket: name, version }),
    remove: (name, { key, sequence }) => void record({ did: 'remove', bucket: name, key, sequence }),
  };
}

/** Formats the number of a version so that text order equals numeric order. S3 calls it the sequencer. */
export function sequencerOf({ sequence }: StoredVersion): string {
  return sequencer(sequence);
}

/** Yields the journal entries that rebuild the current state. */
function* essence(sequence: number, buckets: Iterable<CataloguedBucket>): Generator<JournalEntry> {
  yield { did: 'count', sequence };
  for (const { name, versioned, created, index } of buckets) {
    yield { did: 'create-bucket', bucket: name, versioned, created };
    for (const version of index.all()) yield { did: 'put', bucket: name, version };
  }
}

function requireConditions(current: ObjectVersion | undefined, { ifNoneMatch, ifMatch }: WriteConditions): void {
  if (ifMatch !== undefined && !current) throw new S3Error('NoSuchKey', 'The specified key does not exist.');
  const isStale = ifMatch !== undefined && ifMatch.replaceAll('"', '') !== current?.etag;
  if (isStale || (ifNoneMatch && current))
    throw new S3Error('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
}

/**
 * Random, so that version IDs don't repeat after the folder is deleted. The salt follows the sequencer, because
 * listings rely on the order of IDs.
 */
function salted(): string {
  return randomBytes(8).toString('hex').toUpperCase();
}

/** In memory, the same requests get the same IDs, so that a simulation is repeatable. */
function unsalted(): string {
  return '0'.repeat(16);
}

function sequencer(sequence: number): string {
  return sequence.toString(16).toUpperCase().padStart(16, '0');
}
