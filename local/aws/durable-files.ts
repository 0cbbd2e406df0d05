import { glob, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataFolderError } from './data-folder-error.ts';

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
        [
          file.slice(0, -'.json'.length),
          parse(join(folder, file), await readFile(join(folder, file), 'utf8')),
        ] as const;
      return new Map<string, unknown>(await Promise.all(files.map(read)));
    },
    write: (name, value) => writeWhole(fileOf(name), JSON.stringify(value)),
    remove: (name) => rm(fileOf(name), { force: true }),
  };
}

/** @throws DataFolderError */
function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new DataFolderError(file, 'is damaged: it is not JSON');
  }
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

let written = 0;

/** Writes a temporary file, syncs it, and renames it, so that a reader never sees a partial file. */
export async function writeWhole(file: string, content: string | Uint8Array, mode = 0o666): Promise<void> {
  written += 1;
  const beside = `${file}.${process.pid}.${written}`;
  for (;;) {
    try {
      return await writeBeside(beside, file, content, mode);
    } catch (error) {
      await rm(beside, { force: true });
      if (!isDiskFull(error)) throw error;
      // Everything that depends on the document waits until there is space.
      await sleep(FULL_DISK_MS);
    }
  }
}

const FULL_DISK_MS = 1_000;

function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['ENOSPC', 'EDQUOT'].includes(String(error.code));
}

async function writeBeside(beside: string, file: string, content: string | Uint8Array, mode: number): Promise<void> {
  const handle = await open(beside, 'w', mode);
  try {
    await handle.writeFile(content);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await rename(beside, file);
}
