import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const FULL_DISK_MS = 1_000;

/** The storage of the stand-in: small JSON documents by collection and ID, and files by key. */
export interface Store {
  load(collection: string): Promise<unknown[]>;
  save(collection: string, id: string, document: unknown): Promise<void>;
  remove(collection: string, id: string): Promise<void>;
  saveFile(key: string, bytes: Uint8Array): Promise<void>;
  readFile(key: string): Promise<Uint8Array>;
  /** Reads the bytes from `start` to `end`, inclusive. */
  streamFile(key: string, start: number, end: number): AsyncIterable<Uint8Array>;
}

/** Stores data in a folder. Survives `kill -9` at any time: each write creates a new file and then renames it. */
export async function createFolderStore(folder: string): Promise<Store> {
  let writes = 0;
  const pathOf = (collection: string, id: string) => join(folder, collection, `${id}.json`);
  const made = new Map<string, Promise<unknown>>();
  const folderOf = (name: string) => {
    const making = made.get(name) ?? mkdir(join(folder, name), { recursive: true });
    made.set(name, making);
    return making;
  };
  async function write(path: string, content: string | Uint8Array) {
    writes += 1;
    const draft = `${path}.${process.pid}-${writes}.draft`;
    for (;;) {
      try {
        await writeFile(draft, content);
        return await rename(draft, path);
      } catch (error) {
        await rm(draft, { force: true });
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
        // Wait until the disk has space.
        await sleep(FULL_DISK_MS);
      }
    }
  }
  await mkdir(folder, { recursive: true });
  return {
    async load(collection) {
      await folderOf(collection);
      const names = await readdir(join(folder, collection));
      const documents: unknown[] = [];
      for (const name of names.filter((one) => one.endsWith('.json')))
        documents.push(await readDocument(join(folder, collection, name)));
      return documents;
    },
    async save(collection, id, document) {
      await folderOf(collection);
      await write(pathOf(collection, id), JSON.stringify(document));
    },
    async remove(collection, id) {
      await rm(pathOf(collection, id), { force: true });
    },
    async saveFile(key, bytes) {
      await folderOf('files');
      await write(join(folder, 'files', key), bytes);
    },
    readFile: (key) => readFile(join(folder, 'files', key)),
    streamFile: (key, start, end) => createReadStream(join(folder, 'files', key), { start, end }),
  };
}

/** A file of the stand-in is damaged. */
export class DamagedFileError extends Error {
  override readonly name = 'DamagedFileError';
}

async function readDocument(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8');
  try {
    return JSON.parse(text);
  } catch {
    throw new DamagedFileError(
      `${file} is damaged: it is not JSON. Remove the data folder of the stand-in, or name another one with --data`,
    );
  }
}

/** Stores data in memory until the process ends, for simulations. */
export function createMemoryStore(): Store {
  const files = new Map<string, Uint8Array>();
  const fileOf = (key: string) => {
    const bytes = files.get(key);
    if (bytes === undefined) throw new Error(`no file ${key} in memory`);
    return bytes;
  };
  return {
    load: () => Promise.resolve([]),
    save: () => Promise.resolve(),
    remove: () => Promise.resolve(),
    async saveFile(key, bytes) {
      files.set(key, bytes);
    },
    async readFile(key) {
      return fileOf(key);
    },
    async *streamFile(key, start, end) {
      yield fileOf(key).subarray(start, end + 1);
    },
  };
}

/** A collection in memory that writes through to the store. */
export interface Shelf<T extends { readonly id: string }> {
  get(id: string): T | undefined;
  /** Returns the items in the order in which they were first added. */
  all(): T[];
  /** Returns the items on disk, which survive a `kill -9` at this moment. */
  kept(): T[];
  /**
   * Adds an item. It is visible immediately, and on disk when the promise resolves, but not before `earlier` is. Answer
   * only then.
   */
  put(item: T, earlier?: Promise<unknown>): Promise<void>;
  remove(id: string): Promise<void>;
}

/** Reads a collection. `order` restores the order, which file names don't keep. */
export async function createShelf<T extends { readonly id: string }>(
  store: Store,
  collection: string,
  order: (item: T) => number,
): Promise<Shelf<T>> {
  // Only this program writes to the folder.
  const found = (await store.load(collection)) as T[];
  const items = new Map(found.sort((a, b) => order(a) - order(b)).map((item) => [item.id, item]));
  const keptIds = new Set(items.keys());
  return {
    get: (id) => items.get(id),
    all: () => [...items.values()],
    kept: () => [...items.values()].filter(({ id }) => keptIds.has(id)),
    async put(item, earlier) {
      items.set(item.id, item);
      await earlier;
      await store.save(collection, item.id, item);
      keptIds.add(item.id);
    },
    remove(id) {
      items.delete(id);
      return store.remove(collection, id);
    },
  };
}
