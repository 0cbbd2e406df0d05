import { jsonIn } from '../shared/json-in.ts';
import { type GlbDocument, type GlbParts, glbDocumentIn, imagePlaces } from './glb-document.ts';

const HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 8;
const JSON_START = HEADER_BYTES + CHUNK_HEADER_BYTES;

/** A generated model has some KB. Objects take a hundred times the space of their text, so no more is ever read. */
const MOST_JSON_BYTES = 512 * 1024;

/** Bytes that are kept while all others only stream by. */
interface Kept {
  readonly start: number;
  readonly bytes: Buffer;
}

/**
 * Follows a GLB's header and chunk table while its bytes stream by: 12 bytes of header (magic, version, length of the
 * whole), then chunks of a length, a type and as many bytes. Of all of them it keeps the JSON and the beginnings of the images.
 *
 * @see glTF 2.0 specification, section 4, "GLB File Format Specification"
 */
export class GlbStream {
  #position = 0;
  #declared = 0;
  #nextHeader = HEADER_BYTES;
  /** Bytes of the header that is being read, which may be split between pieces. */
  #header: number[] = [];
  #wrong: string | undefined;
  #json: Kept | undefined;
  #document: GlbDocument | undefined;
  #images: readonly Kept[] = [];

  update(piece: Uint8Array): void {
    const end = this.#position + piece.length;
    while (this.#wrong === undefined && this.#headerStart < end) {
      const from = Math.max(this.#headerStart + this.#header.length - this.#position, 0);
      const wanted = this.#headerLength - this.#header.length;
      const part = piece.subarray(from, from + wanted);
      this.#header.push(...part);
      if (part.length < wanted) break;
      this.#read(Buffer.from(this.#header));
      this.#header = [];
    }
    if (this.#json) this.#keep(this.#json, piece);
    if (this.#json && end >= this.#json.start + this.#json.bytes.length) this.#readJson(this.#json);
    for (const image of this.#images) this.#keep(image, piece);
    this.#position = end;
  }

  /** What does not add up, once all bytes went by. */
  problem(): string | undefined {
    if (this.#wrong !== undefined) return this.#wrong;
    if (this.#declared === 0) return 'the GLB ends within its header';
    if (this.#declared !== this.#position)
      return `the GLB says ${this.#declared} bytes and has ${this.#position}`;
    if (this.#nextHeader !== this.#position) return 'the chunks of the GLB do not fill it';
    if (this.#nextHeader === HEADER_BYTES) return 'the GLB has no chunks';
    return undefined;
  }

  /** What it says of itself. Undefined when that is too long to be read. */
  parts(): GlbParts | undefined {
    return this.#document && { document: this.#document, imageHeads: this.#images.map(({ bytes }) => bytes) };
  }

  get #headerStart(): number {
    return this.#declared === 0 ? 0 : this.#nextHeader;
  }

  get #headerLength(): number {
    return this.#declared === 0 ? HEADER_BYTES : CHUNK_HEADER_BYTES;
  }

  #read(header: Buffer): void {
    if (this.#declared === 0) {
      this.#declared = header.readUInt32LE(8);
      if (header.readUInt32LE(4) !== 2) this.#wrong = `the GLB has version ${header.readUInt32LE(4)}, not 2`;
      else if (this.#declared < HEADER_BYTES + CHUNK_HEADER_BYTES)
        this.#wrong = 'the GLB says that it is empty';
      return;
    }
    const length = header.readUInt32LE(0);
    if (this.#nextHeader === HEADER_BYTES) {
      if (header.toString('latin1', 4) !== 'JSON') this.#wrong = 'the GLB does not begin with its JSON';
      else if (length <= MOST_JSON_BYTES) this.#json = { start: JSON_START, bytes: Buffer.alloc(length) };
    }
    this.#nextHeader += CHUNK_HEADER_BYTES + length;
    if (this.#nextHeader > this.#declared) this.#wrong = 'a chunk of the GLB is longer than the file';
  }

  #readJson({ start, bytes }: Kept): void {
    this.#json = undefined;
    this.#document = glbDocumentIn(jsonIn(bytes.toString()));
    if (!this.#document) {
      this.#wrong ??= 'the JSON of the GLB can not be read';
      return;
    }
    const binary = start + bytes.length + CHUNK_HEADER_BYTES;
    this.#images = imagePlaces(this.#document).map(({ offset, length }) => ({
      start: binary + offset,
      bytes: Buffer.alloc(length),
    }));
  }

  /** Copies what of the piece belongs to it. */
  #keep({ start, bytes }: Kept, piece: Uint8Array): void {
    const from = Math.max(start - this.#position, 0);
    const to = Math.min(start + bytes.length - this.#position, piece.length);
    if (from < to) bytes.set(piece.subarray(from, to), this.#position + from - start);
  }
}
