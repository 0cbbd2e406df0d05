import {
  closeSync,
  copyFileSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { DataFolderError } from '../../../files/data-folder-error.ts';
import type { StoredVersion } from '../stored-version.ts';

/** One line of the journal. */
export type JournalEntry =
  | { readonly did: 'count'; readonly sequence: number }
  | {
      readonly did: 'create-bucket';
      readonly bucket: string;
      readonly versioned: boolean;
      readonly created: Date;
    }
  | { readonly did: 'delete-bucket'; readonly bucket: string }
  | { readonly did: 'put'; readonly bucket: string; readonly version: StoredVersion }
  | { readonly did: 'remove'; readonly bucket: string; readonly key: string; readonly sequence: number };

export interface Journal {
  /**
   * Durable when it returns: neither `kill -9` nor a power failure loses the entry. The records that prevent a second
   * payment are written here.
   */
  append(entry: JournalEntry): void;
}

/**
 * Reads the entries, oldest first. Only the last line can be incomplete: a crash cut it off, and its writer got no
 * confirmation.
 *
 * @throws DataFolderError if confirmed entries are missing or unreadable
 */
export function entriesIn(path: string): JournalEntry[] {
  const confirmed = readConfirmed(path);
  if (!existsSync(path)) {
    if (confirmed > 0) throw new DataFolderError(path, 'is missing');
    return [];
  }
  const lines = readFileSync(path, 'utf8').split('\n').slice(1);
  const entries = lines.map(parseLine);
  const damaged = entries.findIndex((entry, n) => !entry && n < entries.length - 1);
  if (damaged >= 0) throw new DataFolderError(path, `is damaged: line ${damaged + 2} cannot be read`);
  const read = entries.filter((entry) => entry !== undefined);
  if (read.length < confirmed)
    throw new DataFolderError(path, `has ${read.length} entries of ${confirmed}: its end is missing`);
  return read;
}

/** The number of entries that were confirmed, in a file beside the journal. After a power failure, it can be lower. */
function readConfirmed(path: string): number {
  const file = confirmedFile(path);
  return existsSync(file) ? Number.parseInt(readFileSync(file, 'latin1'), 10) || 0 : 0;
}

const confirmedFile = (path: string) => `${path}.count`;

/** Replaces the journal with `entries`, which describe the same state in fewer lines. Keeps the previous one. */
export function createJournal(path: string, entries: Iterable<JournalEntry>): Journal {
  mkdirSync(dirname(path), { recursive: true });
  const lines = Array.from(entries, lineOf);
  // Until the new journal is in its place, no entry is expected.
  writeFileSync(confirmedFile(path), pad(0));
  writeDurably(`${path}.new`, lines.join(''));
  if (existsSync(path)) copyFileSync(path, `${path}.previous`);
  renameSync(`${path}.new`, path);
  const count = openSync(confirmedFile(path), 'r+');
  const file = openSync(path, 'a');
  let confirmed = lines.length;
  let end = fstatSync(file).size;
  writeSync(count, pad(confirmed), 0);
  return {
    append: (entry) => {
      const line = Buffer.from(lineOf(entry));
      try {
        for (let at = 0; at < line.length; ) at += writeSync(file, line, at);
        fdatasyncSync(file);
      } catch (error) {
        // A line that a full disk cuts off would look like damage.
        ftruncateSync(file, end);
        throw error;
      }
      end += line.length;
      confirmed += 1;
      writeSync(count, pad(confirmed), 0);
    },
  };
}

function pad(count: number): string {
  return String(count).padStart(12, '0');
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, 'w');
  try {
    writeFileSync(file, text);
    fdatasyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** A line break, a checksum, and the entry. */
function lineOf(entry: JournalEntry): string {
  const text = JSON.stringify(entry);
  return `\n${checksumOf(text)} ${text}`;
}

function checksumOf(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}

const CHECKSUM_LENGTH = 8;

function parseLine(line: string): JournalEntry | undefined {
  // Journals of earlier versions have no checksums. The start replaces them.
  const isEarlier = line.startsWith('{');
  const text = isEarlier ? line : line.slice(CHECKSUM_LENGTH + 1);
  if (!isEarlier && line.slice(0, CHECKSUM_LENGTH) !== checksumOf(text)) return undefined;
  try {
    return withDates(JSON.parse(text) as JournalEntry);
  } catch {
    return undefined;
  }
}

function withDates(entry: JournalEntry): JournalEntry {
  if (entry.did === 'create-bucket') return { ...entry, created: new Date(entry.created) };
  if (entry.did !== 'put') return entry;
  return { ...entry, version: { ...entry.version, lastModified: new Date(entry.version.lastModified) } };
}
