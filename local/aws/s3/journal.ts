import {
  existsSync,
  fdatasyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { StoredVersion } from './stored-version.ts';

/** One line of the journal. */
export type JournalEntry =
  | { readonly did: 'count'; readonly sequence: number }
  | {
      readonly did: 'create-bucket';
      readonly bucket: string;
      readonly versioned: boolean;
      readonly created: Date;
    }
  | { readonly did: 'put'; readonly bucket: string; readonly version: StoredVersion }
  | { readonly did: 'remove'; readonly bucket: string; readonly key: string; readonly sequence: number };

export interface Journal {
  /**
   * Durable when it returns: neither `kill -9` nor a power failure loses the entry. The records that prevent a second
   * payment are written here.
   */
  append(entry: JournalEntry): void;
}

/** Reads the entries, oldest first. */
export function entriesIn(path: string): JournalEntry[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8').split('\n').flatMap(parseLine);
}

/** Replaces the journal with `entries`, which describe the same state in fewer lines. */
export function createJournal(path: string, entries: Iterable<JournalEntry>): Journal {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, Array.from(entries, lineOf).join(''));
  renameSync(`${path}.new`, path);
  const file = openSync(path, 'a');
  return {
    append: (entry) => {
      writeSync(file, lineOf(entry));
      fdatasyncSync(file);
    },
  };
}

/** Begins with the line break, so that a line that a crash or a full disk cuts off damages only itself. */
function lineOf(entry: JournalEntry): string {
  return `\n${JSON.stringify(entry)}`;
}

function parseLine(line: string): JournalEntry[] {
  try {
    return [withDates(JSON.parse(line) as JournalEntry)];
  } catch {
    return []; // incomplete: its writer got no confirmation
  }
}

function withDates(entry: JournalEntry): JournalEntry {
  if (entry.did === 'create-bucket') return { ...entry, created: new Date(entry.created) };
  if (entry.did !== 'put') return entry;
  return { ...entry, version: { ...entry.version, lastModified: new Date(entry.version.lastModified) } };
}
