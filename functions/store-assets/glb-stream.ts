import * as z from 'zod';
import type { Problem } from '../contract/asset.ts';
import { parseJson } from '../platform/json.ts';

const HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 8;
const JSON_START = HEADER_BYTES + CHUNK_HEADER_BYTES;

/** A generated model has a few KB of JSON. Parsed JSON takes a hundred times the space of its text, so more is never read. */
const MAX_JSON_BYTES = 512 * 1024;

/** Usual files have two. Millions of empty ones would keep the function busy. */
const MAX_CHUNKS = 1_000;

/** Larger files do not fit in the function's memory. */
const MAX_WHOLE_BYTES = 64_000_000;

/**
 * Follows the chunks of a GLB while its bytes stream by. A 12-byte header (magic, version, total length) comes first, then
 * chunks, each with its length, its type and its bytes. Keeps the whole file, or only the JSON of a larger one.
 *
 * @see glTF 2.0 specification, section 4, "GLB File Format Specification"
 */
export class GlbStream {
  /** The headers of the file and of its first chunk; zeros if the file is shorter. */
  readonly #start = Buffer.alloc(JSON_START);
  readonly #kept: Uint8Array<ArrayBuffer>;
  #position = 0;
  #nextHeader = HEADER_BYTES;
  #chunks = 0;
  /** The chunk header being read, which may be split between pieces. */
  #header: number[] = [];

  /** @param head the first bytes, at least 20 or all of them. They come again in the first piece */
  constructor(head: Uint8Array) {
    this.#start.set(head.subarray(0, JSON_START));
    const jsonBytes = this.#start.readUInt32LE(12);
    const maxKept = this.#declared <= MAX_WHOLE_BYTES ? this.#declared : JSON_START + jsonBytes;
    this.#kept = new Uint8Array(jsonBytes <= MAX_JSON_BYTES ? maxKept : 0);
  }

  update(piece: Uint8Array): void {
    const end = this.#position + piece.length;
    while (this.#chunks < MAX_CHUNKS && this.#nextHeader + this.#header.length < Math.min(end, this.#declared)) {
      const from = this.#nextHeader + this.#header.length - this.#position;
      this.#header.push(...piece.subarray(from, from + CHUNK_HEADER_BYTES - this.#header.length));
      if (this.#header.length < CHUNK_HEADER_BYTES) break;
      this.#nextHeader += CHUNK_HEADER_BYTES + Buffer.from(this.#header).readUInt32LE(0);
      this.#header = [];
      this.#chunks += 1;
    }
    if (this.#position < this.#kept.length)
      this.#kept.set(piece.subarray(0, this.#kept.length - this.#position), this.#position);
    this.#position = end;
  }

  /** Call after the last piece. Undefined if the GLB is complete and readable. */
  findProblem(): Problem | undefined {
    const declared = this.#declared;
    if (this.#position < JSON_START) return { code: 'ends-early', message: 'the GLB ends within its header' };
    const version = this.#start.readUInt32LE(4);
    if (version !== 2) return { code: 'unreadable', message: `the GLB has version ${version}, not 2` };
    if (this.#start.toString('latin1', 16) !== 'JSON')
      return { code: 'unreadable', message: 'the GLB does not begin with its JSON' };
    const hasJson = JSON_START + this.#start.readUInt32LE(12) <= declared;
    const isReadable =
      hasJson && (this.#kept.length === 0 || z.looseObject({}).safeParse(readGlbJson(this.#kept)).success);
    if (declared > this.#position)
      return { code: 'ends-early', message: `the GLB says ${declared} bytes and has ${this.#position}` };
    if (!isReadable) return { code: 'unreadable', message: 'the JSON of the GLB is not valid' };
    if (this.#nextHeader === declared) return undefined;
    return { code: 'wrong-chunks', message: 'the chunks of the GLB do not fill it' };
  }

  /** All bytes of the GLB that have passed. Undefined if the file or its JSON is too large to keep. */
  whole(): Uint8Array<ArrayBuffer> | undefined {
    return this.#kept.length > 0 && this.#kept.length === this.#declared ? this.#kept : undefined;
  }

  /** The number of bytes after the end that the header states. */
  get trailingBytes(): number {
    return Math.max(0, this.#position - this.#declared);
  }

  get #declared(): number {
    return this.#start.readUInt32LE(8);
  }
}

/** Reads the JSON of a GLB, or of its beginning. Undefined if it is not JSON. */
export function readGlbJson(glb: Uint8Array): unknown {
  const bytes = Buffer.from(glb.buffer, glb.byteOffset, glb.length);
  let end = JSON_START + bytes.readUInt32LE(12);
  // Some programs pad with zeros instead of spaces.
  while (end > JSON_START && bytes[end - 1] === 0) end -= 1;
  return parseJson(bytes.toString('utf8', JSON_START, end).replace(/^\uFEFF/, ''));
}
