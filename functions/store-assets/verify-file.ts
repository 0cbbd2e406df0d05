import { createHash } from 'node:crypto';
import { DownloadBrokenError, FileTooLargeError } from './errors.ts';
import { type FileKind, TAIL_BYTES } from './file-kind.ts';
import { GlbStream } from './glb-stream.ts';

/** What is known about a file before its bytes are read. */
export interface Expected {
  readonly assetId: string;
  readonly kind: FileKind;
  readonly head: Uint8Array;
  /** Every length that Scenario or the file's host gave, in bytes. */
  readonly lengths: readonly (number | undefined)[];
  readonly maxBytes: number;
}

/** Measures and hashes the bytes of one file as they pass through, and checks them against what is expected. */
export class FileVerifier {
  bytes = 0;
  readonly #expected: Expected;
  readonly #hash = createHash('sha256');
  readonly #glb: GlbStream | undefined;
  #tail = Buffer.alloc(0);

  constructor(expected: Expected) {
    this.#expected = expected;
    for (const length of expected.lengths) this.#refuseLarger(length ?? 0);
    const { kind, head } = expected;
    this.#glb = kind.extension === 'glb' ? new GlbStream(head) : undefined;
  }

  /**
   * Passes the bytes on. If they are not as expected, fails before the object is complete.
   *
   * @throws DownloadBrokenError | FileTooLargeError
   */
  async *pass(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      this.#update(piece);
      yield piece;
    }
    const problem = this.#findProblem();
    if (problem !== undefined) throw new DownloadBrokenError(`${this.#expected.assetId}: ${problem}`);
  }

  sha256(): string {
    return this.#hash.digest('hex');
  }

  /** The GLB for the validator. Undefined if the whole file was not kept. */
  wholeGlb(): Uint8Array<ArrayBuffer> | undefined {
    return this.#glb?.whole();
  }

  #update(piece: Uint8Array): void {
    this.bytes += piece.length;
    this.#refuseLarger(this.bytes);
    this.#hash.update(piece);
    this.#glb?.update(piece);
    this.#tail = Buffer.concat([this.#tail, piece.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES);
  }

  #findProblem(): string | undefined {
    const { kind, lengths } = this.#expected;
    const other = lengths.find((length) => length !== undefined && length !== this.bytes);
    if (other !== undefined) return `it has ${this.bytes} bytes and should have ${other}`;
    const hasEnd = kind.end?.test(this.#tail.toString('latin1')) ?? true;
    if (!hasEnd || this.bytes < (kind.minBytes ?? 0)) return `the ${kind.extension} ends too early`;
    return this.#glb?.findProblem();
  }

  #refuseLarger(bytes: number): void {
    const { maxBytes } = this.#expected;
    if (bytes > maxBytes)
      throw new FileTooLargeError(`the file has more than ${maxBytes.toLocaleString('en')} bytes (maxAssetBytes)`);
  }
}
