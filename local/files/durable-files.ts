import { existsSync, globSync, rmSync } from 'node:fs';
import { glob, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DataFolderError } from './data-folder-error.ts';
import { readJson, writeWhole } from './whole-files.ts';

/** Named JSON documents. Each one is either complete or absent, even if the process is killed. */
export interface DurableFiles {
  /** Call it before anything is written. */
  readAll(): Promise<ReadonlyMap<string, unknown>>;
  write(name: string, value: unknown): Promise<void>;
  remove(name: string): Promise<void>;
}

/** Holds what a start has read. A document beside it with the same name is newer, and `null` removes it. */
const ARCHIVE = 'all.archive';
/** To open a file takes longer than to read it, so a start puts this many together. */
const MANY = 100;

/** A schema would look at each of them. */
function isDocuments(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Keeps each document in its own file in one folder, and those of earlier starts together. */
export async function openDurableFiles(folder: string): Promise<DurableFiles> {
  await mkdir(folder, { recursive: true });
  const fileOf = (name: string) => join(folder, `${name}.json`);
  const archive = join(folder, ARCHIVE);
  // Remove the partial files of a killed process.
  for await (const half of glob(['*.json.*', `${ARCHIVE}.*`], { cwd: folder })) await rm(join(folder, half));
  let archived: ReadonlySet<string> = new Set();

  function readArchive(): Record<string, unknown> {
    const documents = existsSync(archive) ? readJson(archive) : {};
    if (!isDocuments(documents)) throw new DataFolderError(archive, 'is damaged: it has no documents');
    return documents;
  }

  return {
    async readAll() {
      // One after the other and without promises: an earlier start can have left tens of thousands, more than a process
      // can open at once.
      const files = globSync('*.json', { cwd: folder });
      const newer = files.map((file) => [file.slice(0, -'.json'.length), readJson(join(folder, file))] as const);
      const before = readArchive();
      const all = new Map([...Object.entries(before), ...newer]);
      for (const [name, value] of all) if (value === null) all.delete(name);
      archived = new Set(Object.keys(before));
      if (files.length >= MANY) {
        await writeWhole(archive, JSON.stringify(Object.fromEntries(all)));
        for (const file of files) rmSync(join(folder, file));
        archived = new Set(all.keys());
      }
      return all;
    },
    write: (name, value) => writeWhole(fileOf(name), JSON.stringify(value)),
    remove: (name) => (archived.has(name) ? writeWhole(fileOf(name), 'null') : rm(fileOf(name), { force: true })),
  };
}

/** Keeps the documents in memory until the process ends. A simulated crash doesn't remove them. */
export function createMemoryFiles(): DurableFiles {
  const documents = new Map<string, unknown>();
  return {
    readAll: () => Promise.resolve(new Map(documents)),
    write: (name, value) => {
      documents.set(name, value);
      return Promise.resolve();
    },
    remove: (name) => {
      documents.delete(name);
      return Promise.resolve();
    },
  };
}
