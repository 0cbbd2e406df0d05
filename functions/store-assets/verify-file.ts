import { createHash } from 'node:crypto';
import { DownloadBrokenError, FileTooLargeError } from '../platform/errors.ts';
import { type FileKind, TAIL_BYTES } from './file-kind.ts';
import { GlbStream } from './glb-stream.ts';

/** What is known of a file before its bytes are. */
export interface Expected {
  readonly assetId: string;
  readonly kind: FileKind;
  readonly head: Uint8Array;
  /** Every length that somebody named. */
  readonly lengths: readonly (number | undefined)[];
  readonly maxBytes: number;
}

/** The bytes of one file on their way through: measured, hashed and held against what they should be. */
export class Passage {
  bytes = 0;
  readonly #expected: Expected;
  readonly #hash = createHash('sha256');
  readonly #glb: GlbStream | undefined;
  #tail: Uint8Array = Buffer.alloc(0);

  constructor(expected: Expected) {
    const { kind, head, lengths, maxBytes } = expected;
    this.#expected = expected;
    for (const length of lengths) refuseAbove(maxBytes, length ?? 0);
    this.#glb = kind.extension === 'glb' ? new GlbStream(head) : undefined;
  }

  /**
   * Passes the bytes on, and fails at the end, before the object is complete, when they are not what they should be.
   *
   * @throws DownloadBrokenError | FileTooLargeError
   */
  async *through(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      this.#look(piece);
      yield piece;
    }
    const problem = this.#problem();
    if (problem !== undefined) throw new DownloadBrokenError(`${this.#expected.assetId}: ${problem}`);
  }

  sha256(): string {
    return this.#hash.digest('hex');
  }

  /** A GLB that the validator is to see. */
  wholeGlb(): Uint8Array<ArrayBuffer> | undefined {
    return this.#glb?.whole();
  }

  #look(piece: Uint8Array): void {
    this.bytes += piece.length;
    refuseAbove(this.#expected.maxBytes, this.bytes);
    this.#hash.update(piece);
    this.#glb?.update(piece);
    const last = piece.subarray(-TAIL_BYTES);
    this.#tail = Buffer.concat([this.#tail, last]).subarray(-TAIL_BYTES);
  }

  #problem(): string | undefined {
    const { kind, lengths } = this.#expected;
    const other = lengths.find((length) => length !== undefined && length !== this.bytes);
    if (other !== undefined) return `it has ${this.bytes} bytes and should have ${other}`;
    const hasEnd = kind.end?.test(Buffer.from(this.#tail).toString('latin1')) ?? true;
    if (!hasEnd || this.bytes < (kind.least ?? 0)) return `the ${kind.extension} ends too early`;
    return this.#glb?.problem();
  }
}

function refuseAbove(maxBytes: number, bytes: number): void {
  if (bytes <= maxBytes) return;
  throw new FileTooLargeError(
    `the file has more than ${maxBytes.toLocaleString('en')} bytes (maxAssetBytes)`,
  );
}
