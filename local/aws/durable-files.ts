import { glob, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readJson, writeWhole } from '../files/whole-files.ts';

/** Named JSON documents. Each one is either complete or absent, even if the process is killed. */
export interface DurableFiles {
  readAll(): Promise<ReadonlyMap<string, unknown>>;
  write(name: string, value: unknown): Promise<void>;
  remove(name: string): Promise<void>;
}

/** Keeps each document in its own file in one folder. */
export async function openDurableFiles(folder: string): Promise<DurableFiles> {
  await mkdir(folder, { recursive: true });
  const fileOf = (name: string) => join(folder, `${name}.json`);
  // Remove the partial files of a killed process.
  for await (const half of glob('*.json.*', { cwd: folder })) await rm(join(folder, half));
  return {
    readAll: async () => {
      const files = await Array.fromAsync(glob('*.json', { cwd: folder }));
      const read = async (file: string) =>
        [file.slice(0, -'.json'.length), await readJson(join(folder, file))] as const;
      return new Map<string, unknown>(await Promise.all(files.map(read)));
    },
    write: (name, value) => writeWhole(fileOf(name), JSON.stringify(value)),
    remove: (name) => rm(fileOf(name), { force: true }),
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
