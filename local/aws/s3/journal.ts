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
  /** When this returns, neither a kill -9 nor a power cut undoes it: what guards a payment is written here. */
  append(entry: JournalEntry): void;
}

/** What happened so far, oldest first. */
export function entriesIn(path: string): JournalEntry[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8').split('\n').flatMap(parseLine);
}

/** Starts over with `entries`, which say the same in fewer lines. */
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

/** The line break comes first, so that a line torn by a crash or a full disk spoils itself only. */
function lineOf(entry: JournalEntry): string {
  return `\n${JSON.stringify(entry)}`;
}

function parseLine(line: string): JournalEntry[] {
  try {
    return [withDates(JSON.parse(line) as JournalEntry)];
  } catch {
    return []; // torn: its writer was never told that it is kept
  }
}

function withDates(entry: JournalEntry): JournalEntry {
  if (entry.did === 'create-bucket') return { ...entry, created: new Date(entry.created) };
  if (entry.did !== 'put') return entry;
  return { ...entry, version: { ...entry.version, lastModified: new Date(entry.version.lastModified) } };
}
