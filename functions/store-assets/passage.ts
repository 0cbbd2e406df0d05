import { createHash } from 'node:crypto';
import type { ModelFacts } from '../shared/asset.ts';
import { DownloadBrokenError, FileTooLargeError } from '../shared/errors.ts';
import { type FileKind, TAIL_BYTES } from './file-kind.ts';
import { factsOf } from './glb-document.ts';
import { GlbStream } from './glb-stream.ts';
import { MOST_VALIDATED_BYTES } from './khronos.ts';

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
  /** The whole of a GLB that the validator is to see. */
  #whole: Uint8Array<ArrayBuffer> | undefined;
  #tail: Uint8Array = Buffer.alloc(0);

  constructor(expected: Expected) {
    const { kind, head, lengths, maxBytes } = expected;
    this.#expected = expected;
    for (const length of lengths) refuseAbove(maxBytes, length ?? 0);
    if (kind.extension !== 'glb') return;
    this.#glb = new GlbStream();
    const declared = head.length < 12 ? 0 : Buffer.from(head).readUInt32LE(8);
    if (declared <= MOST_VALIDATED_BYTES) this.#whole = new Uint8Array(declared);
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

  facts(): ModelFacts | undefined {
    const parts = this.#glb?.parts();
    return parts && factsOf(parts);
  }

  /** Given away once: whoever takes it has it alone. Undefined when the validator is not to see it. */
  takeWhole(): Uint8Array<ArrayBuffer> | undefined {
    const whole = this.#glb?.parts() && this.#whole;
    this.#whole = undefined;
    return whole;
  }

  #look(piece: Uint8Array): void {
    const at = this.bytes;
    this.bytes += piece.length;
    refuseAbove(this.#expected.maxBytes, this.bytes);
    this.#hash.update(piece);
    this.#glb?.update(piece);
    if (this.#whole && at < this.#whole.length)
      this.#whole.set(piece.subarray(0, this.#whole.length - at), at);
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
