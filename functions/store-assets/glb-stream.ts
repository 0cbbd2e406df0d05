import * as z from 'zod';
import { jsonIn } from '../platform/json.ts';

const HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 8;
const JSON_START = HEADER_BYTES + CHUNK_HEADER_BYTES;

/** A generated model has some KB. Objects take a hundred times the space of their text, so no more is ever read. */
const MOST_JSON_BYTES = 512 * 1024;

/** Larger ones would not fit in the function's memory beside everything else. */
const MOST_WHOLE_BYTES = 64_000_000;

/**
 * Follows a GLB's chunk table while its bytes stream by: 12 bytes of header (magic, version, length of the whole), then
 * chunks of a length, a type and as many bytes. It keeps the whole, or of a larger file its JSON.
 *
 * @see glTF 2.0 specification, section 4, "GLB File Format Specification"
 */
export class GlbStream {
  /** The file's header and that of its first chunk; zeros where the file is shorter. */
  readonly #start = Buffer.alloc(JSON_START);
  readonly #kept: Uint8Array<ArrayBuffer>;
  #position = 0;
  #nextHeader = HEADER_BYTES;
  /** Bytes of the chunk header that is being read, which may be split between pieces. */
  #header: number[] = [];

  /** @param head its first bytes, which come again as the first piece: twenty at least, or all that there are */
  constructor(head: Uint8Array) {
    this.#start.set(head.subarray(0, JSON_START));
    const jsonBytes = this.#start.readUInt32LE(12);
    const most = this.#declared <= MOST_WHOLE_BYTES ? this.#declared : JSON_START + jsonBytes;
    this.#kept = new Uint8Array(jsonBytes <= MOST_JSON_BYTES ? most : 0);
  }

  update(piece: Uint8Array): void {
    const end = this.#position + piece.length;
    while (this.#nextHeader + this.#header.length < end) {
      const from = this.#nextHeader + this.#header.length - this.#position;
      this.#header.push(...piece.subarray(from, from + CHUNK_HEADER_BYTES - this.#header.length));
      if (this.#header.length < CHUNK_HEADER_BYTES) break;
      this.#nextHeader += CHUNK_HEADER_BYTES + Buffer.from(this.#header).readUInt32LE(0);
      this.#header = [];
    }
    if (this.#position < this.#kept.length)
      this.#kept.set(piece.subarray(0, this.#kept.length - this.#position), this.#position);
    this.#position = end;
  }

  /** What does not add up, once all bytes went by. */
  problem(): string | undefined {
    if (this.#position < JSON_START) return 'the GLB ends within its header';
    const version = this.#start.readUInt32LE(4);
    if (version !== 2) return `the GLB has version ${version}, not 2`;
    if (this.#start.toString('latin1', 16) !== 'JSON') return 'the GLB does not begin with its JSON';
    if (this.#declared !== this.#position)
      return `the GLB says ${this.#declared} bytes and has ${this.#position}`;
    if (this.#nextHeader !== this.#position) return 'the chunks of the GLB do not fill it';
    const isReadable = this.#kept.length === 0 || z.looseObject({}).safeParse(jsonOf(this.#kept)).success;
    return isReadable ? undefined : 'the JSON of the GLB can not be read';
  }

  /** Once all bytes went by. Undefined when they, or its JSON, were too many to be kept. */
  whole(): Uint8Array<ArrayBuffer> | undefined {
    return this.#kept.length === this.#position ? this.#kept : undefined;
  }

  get #declared(): number {
    return this.#start.readUInt32LE(8);
  }
}

/** The document in a GLB, or in its beginning. Undefined when it is no JSON. */
export function jsonOf(glb: Uint8Array): unknown {
  const bytes = Buffer.from(glb.buffer, glb.byteOffset, glb.length);
  let end = JSON_START + bytes.readUInt32LE(12);
  // Some programs fill up with zeros instead of spaces.
  while (end > JSON_START && bytes[end - 1] === 0) end -= 1;
  return jsonIn(bytes.toString('utf8', JSON_START, end).replace(/^\uFEFF/, ''));
}
