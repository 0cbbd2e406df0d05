import { Readable } from 'node:stream';
import type { BlobFolder } from './blob-folder.ts';
import { createBodyDigests } from '../http/body-digests.ts';

/** Keeps blobs in memory until the process ends. As with a folder, a reader that has started can read to the end. */
export function createMemoryBlobs(): BlobFolder {
  const kept = new Map<string, Buffer>();
  let written = 0;
  const wholeOf: BlobFolder['readNow'] = (blobs) =>
    Buffer.concat(blobs.map(({ id }) => kept.get(id) ?? Buffer.alloc(0)));
  return {
    readNow: wholeOf,
    write: async (body, expected) => {
      const digests = createBodyDigests(expected);
      const pieces: Uint8Array[] = [];
      for await (const bytes of body) {
        digests.update(bytes);
        pieces.push(bytes);
      }
      const bytes = Buffer.concat(pieces);
      const computed = await digests.finish();
      written += 1;
      const id = String(written);
      kept.set(id, bytes);
      return { blob: { id, size: bytes.byteLength }, ...computed };
    },
    read: (blobs, { first, last }) => {
      return Readable.from([wholeOf(blobs).subarray(first, last + 1)], { objectMode: false });
    },
    remove: async (blobs) => {
      for (const { id } of blobs) kept.delete(id);
    },
    removeAllBut: () => undefined,
  };
}
