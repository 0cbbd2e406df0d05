import { randomUUID } from 'node:crypto';
import { createReadStream, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  type BodyDigests,
  type ComputedDigests,
  type ExpectedDigests,
  createBodyDigests,
} from '../http/body-digests.ts';

/** A file of bytes. The journal says which object it belongs to. */
export interface Blob {
  readonly id: string;
  readonly size: number;
}

export interface ReceivedBlob extends ComputedDigests {
  readonly blob: Blob;
}

/** The first and the last byte, both inclusive, as in HTTP. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

export interface BlobFolder {
  /**
   * Streams a body to a new file. Removes the file if the body ends early or doesn't match what is expected.
   *
   * @throws S3Error the errors of BodyDigests
   */
  write(body: AsyncIterable<Uint8Array>, expected: ExpectedDigests): Promise<ReceivedBlob>;
  /**
   * Reads the blobs in order. They stay on disk until the stream is closed, even if they are removed during the read.
   */
  read(blobs: readonly Blob[], range: ByteRange): Readable;
  /** Reads small blobs at once. */
  readNow(blobs: readonly Blob[]): Buffer;
  remove(blobs: readonly Blob[]): Promise<void>;
  /** Removes files that nothing refers to, which a killed process can leave behind. */
  removeAllBut(known: readonly Blob[]): void;
}

export function createBlobFolder(folder: string): BlobFolder {
  mkdirSync(folder, { recursive: true });
  const readers = new Map<string, number>();
  const doomed = new Set<string>();
  const pathOf = (id: string) => join(folder, id);

  function pin(blobs: readonly Blob[]): void {
    for (const { id } of blobs) readers.set(id, (readers.get(id) ?? 0) + 1);
  }

  async function unpin(blobs: readonly Blob[]): Promise<void> {
    for (const { id } of blobs) {
      const left = (readers.get(id) ?? 1) - 1;
      if (left > 0) readers.set(id, left);
      else readers.delete(id);
    }
    await remove(blobs.filter(({ id }) => doomed.has(id)));
  }

  async function remove(blobs: readonly Blob[]): Promise<void> {
    for (const { id } of blobs) {
      if (readers.has(id)) doomed.add(id);
      else {
        doomed.delete(id);
        // Ignore the error: nothing refers to the file anymore, and the next start tries to remove it again.
        await rm(pathOf(id), { force: true }).catch(() => undefined);
      }
    }
  }

  return {
    remove,
    write: async (body, expected) => {
      const id = randomUUID();
      const digests = createBodyDigests(expected);
      try {
        const size = await writeFile(pathOf(id), body, digests);
        return { blob: { id, size }, ...(await digests.finish()) };
      } catch (error) {
        await rm(pathOf(id), { force: true });
        throw error;
      }
    },
    read: (blobs, range) => {
      pin(blobs);
      const stream = Readable.from(bytesOf(blobs, range, pathOf), { objectMode: false });
      return stream.once('close', () => void unpin(blobs));
    },
    readNow: (blobs) => Buffer.concat(blobs.map(({ id }) => readFileSync(pathOf(id)))),
    removeAllBut: (known) => {
      const ids = new Set(known.map(({ id }) => id));
      for (const name of readdirSync(folder)) if (!ids.has(name)) rmSync(pathOf(name));
    },
  };
}

async function writeFile(path: string, body: AsyncIterable<Uint8Array>, digests: BodyDigests): Promise<number> {
  await using file = await open(path, 'wx');
  let size = 0;
  for await (const bytes of body) {
    digests.update(bytes);
    // Write one chunk at a time, so that a slow disk slows the client down.
    await file.writeFile(bytes);
    size += bytes.byteLength;
  }
  await file.datasync();
  return size;
}

async function* bytesOf(
  blobs: readonly Blob[],
  range: ByteRange,
  pathOf: (id: string) => string,
): AsyncGenerator<Uint8Array> {
  let offset = 0;
  for (const { id, size } of blobs) {
    const start = Math.max(range.first - offset, 0);
    const end = Math.min(range.last - offset, size - 1);
    if (start <= end) yield* createReadStream(pathOf(id), { start, end }) as AsyncIterable<Buffer>;
    offset += size;
  }
}
