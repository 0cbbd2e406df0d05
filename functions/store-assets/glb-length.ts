const HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 8;

/**
 * Follows a GLB's header and chunk table while its bytes stream by, holding none of them: 12 bytes of header (magic,
 * version, length of the whole), then chunks of a length, a type and as many bytes.
 *
 * @see glTF 2.0 specification, section 4, "GLB File Format Specification"
 */
export class GlbLength {
  #position = 0;
  #declared = 0;
  #nextHeader = HEADER_BYTES;
  /** Bytes of the header that is being read, which may be split between pieces. */
  #header: number[] = [];
  #wrong: string | undefined;

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
    this.#position = end;
  }

  /** What does not add up, once all bytes went by. */
  problem(): string | undefined {
    if (this.#wrong !== undefined) return this.#wrong;
    if (this.#declared === 0) return 'the GLB ends within its header';
    if (this.#declared !== this.#position)
      return `the GLB says ${this.#declared} bytes and has ${this.#position}`;
    if (this.#nextHeader !== this.#position) return 'the chunks of the GLB do not fill it';
    return undefined;
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
    this.#nextHeader += CHUNK_HEADER_BYTES + header.readUInt32LE(0);
    if (this.#nextHeader > this.#declared) this.#wrong = 'a chunk of the GLB is longer than the file';
  }
}
