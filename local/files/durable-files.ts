import { glob, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
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

const documentsShape = z.record(z.string(), z.unknown());

/** Keeps each document in its own file in one folder, and those of earlier starts together. */
export async function openDurableFiles(folder: string): Promise<DurableFiles> {
  await mkdir(folder, { recursive: true });
  const fileOf = (name: string) => join(folder, `${name}.json`);
  const archive = join(folder, ARCHIVE);
  // Remove the partial files of a killed process.
  for await (const half of glob(['*.json.*', `${ARCHIVE}.*`], { cwd: folder })) await rm(join(folder, half));
  let archived: ReadonlySet<string> = new Set();

  async function readArchive(): Promise<Record<string, unknown>> {
    const isThere = (await Array.fromAsync(glob(ARCHIVE, { cwd: folder }))).length > 0;
    const documents = documentsShape.safeParse(isThere ? await readJson(archive) : {}).data;
    if (!documents) throw new DataFolderError(archive, 'is damaged: it has no documents');
    return documents;
  }

  return {
    async readAll() {
      const files = await Array.fromAsync(glob('*.json', { cwd: folder }));
      const read = async (file: string) =>
        [file.slice(0, -'.json'.length), await readJson(join(folder, file))] as const;
      const newer = await Promise.all(files.map(read));
      const before = await readArchive();
      const all = new Map([...Object.entries(before), ...newer]);
      for (const [name, value] of all) if (value === null) all.delete(name);
      archived = new Set(Object.keys(before));
      if (files.length >= MANY) {
        await writeWhole(archive, JSON.stringify(Object.fromEntries(all)));
        for (const file of files) await rm(join(folder, file));
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
