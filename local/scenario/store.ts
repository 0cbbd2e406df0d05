import { createReadStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DurableFiles, openDurableFiles } from '../files/durable-files.ts';
import { writeWhole } from '../files/whole-files.ts';

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

/** Stores data in a folder. Survives `kill -9` at any time. */
export async function createFolderStore(folder: string): Promise<Store> {
  const opened = new Map<string, Promise<DurableFiles>>();
  const documentsOf = (collection: string) => {
    const opening = opened.get(collection) ?? openDurableFiles(join(folder, collection));
    opened.set(collection, opening);
    return opening;
  };
  const files = join(folder, 'files');
  await mkdir(files, { recursive: true });
  return {
    load: async (collection) => [...(await (await documentsOf(collection)).readAll()).values()],
    save: async (collection, id, document) => await (await documentsOf(collection)).write(id, document),
    remove: async (collection, id) => await (await documentsOf(collection)).remove(id),
    saveFile: (key, bytes) => writeWhole(join(files, key), bytes),
    readFile: (key) => readFile(join(files, key)),
    streamFile: (key, start, end) => createReadStream(join(files, key), { start, end }),
  };
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
