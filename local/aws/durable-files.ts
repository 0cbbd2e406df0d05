import { glob, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** JSON documents by name, each whole or not there at all, whenever the process is killed. */
export interface DurableFiles {
  readAll(): Promise<ReadonlyMap<string, unknown>>;
  write(name: string, value: unknown): Promise<void>;
  remove(name: string): Promise<void>;
}

/** Keeps each document in a file of one folder. */
export async function openDurableFiles(folder: string): Promise<DurableFiles> {
  await mkdir(folder, { recursive: true });
  const fileOf = (name: string) => join(folder, `${name}.json`);
  // What a killed process was writing.
  for await (const half of glob('*.json.*', { cwd: folder })) await rm(join(folder, half));
  return {
    readAll: async () => {
      const files = await Array.fromAsync(glob('*.json', { cwd: folder }));
      const read = async (file: string) =>
        [file.slice(0, -'.json'.length), JSON.parse(await readFile(join(folder, file), 'utf8'))] as const;
      return new Map<string, unknown>(await Promise.all(files.map(read)));
    },
    write: (name, value) => writeWhole(fileOf(name), JSON.stringify(value)),
    remove: (name) => rm(fileOf(name), { force: true }),
  };
}

/** Keeps the documents in memory: they outlive their writer, and end with the process. */
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

let written = 0;

/** Writes beside, syncs, then renames: nobody ever reads half a file. */
export async function writeWhole(file: string, content: string | Uint8Array): Promise<void> {
  written += 1;
  const beside = `${file}.${process.pid}.${written}`;
  const handle = await open(beside, 'w');
  try {
    await handle.writeFile(content);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await rename(beside, file);
}
