/** The first chunk, with the size of the image, begins after the signature. */
const FIRST_CHUNK = 8;
/** Length, type and checksum. */
const CHUNK_FRAME = 12;
const END = Buffer.from([0, 0, 0, 0, ...Buffer.from('IEND'), 0xae, 0x42, 0x60, 0x82]);

interface Chunk {
  readonly type: string;
  readonly from: number;
  readonly to: number;
}

/** The chunks, up to the end of the image or the first that is cut off. */
function* chunksOf(bytes: Uint8Array): Generator<Chunk> {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let from = FIRST_CHUNK;
  while (from + CHUNK_FRAME <= view.length) {
    const to = from + CHUNK_FRAME + view.readUInt32BE(from);
    if (to > view.length) return;
    const type = view.toString('latin1', from + 4, from + 8);
    yield { type, from, to };
    if (type === 'IEND') return;
    from = to;
  }
}

/** The size in the header, in pixels. Undefined if the file ends before that. */
export function pngSize(bytes: Uint8Array): { readonly width: number; readonly height: number } | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.length < 24 || view.toString('latin1', 12, 16) !== 'IHDR') return undefined;
  return { width: view.readUInt32BE(16), height: view.readUInt32BE(20) };
}

/** Whether the file has its last chunk. */
export function isPngComplete(bytes: Uint8Array): boolean {
  return [...chunksOf(bytes)].some(({ type }) => type === 'IEND');
}

/**
 * The image without its texts, profiles, and other additions. A few kilobytes of them can unpack to gigabytes in the
 * decoder. A missing last chunk is added, because no pixel is in it.
 */
export function withoutComments(bytes: Uint8Array): Uint8Array {
  const chunks = [...chunksOf(bytes)];
  const rest = bytes.subarray(chunks.at(-1)?.to ?? FIRST_CHUNK);
  const isComplete = chunks.at(-1)?.type === 'IEND';
  const kept = chunks.filter(({ type }) => /^[A-Z]/.test(type) || type === 'tRNS');
  return Buffer.concat([
    bytes.subarray(0, FIRST_CHUNK),
    ...kept.map(({ from, to }) => bytes.subarray(from, to)),
    ...(isComplete ? [] : rest.length > 0 ? [rest] : [END]),
  ]);
}
