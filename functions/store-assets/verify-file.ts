import { createHash } from 'node:crypto';
import type { Problem } from '../contract/asset.ts';
import { DownloadBrokenError, FileTooLargeError } from './errors.ts';
import { type FileKind, TAIL_BYTES } from './file-kind.ts';
import { GlbStream } from './glb-stream.ts';

/** Nobody can open such a file. It is kept, but it is neither a model nor a preview. */
const UNUSABLE: readonly Problem['code'][] = ['ends-early', 'unreadable', 'page'];

export function isUnusable({ problems = [] }: { readonly problems?: readonly Problem[] | undefined }): boolean {
  return problems.some(({ code }) => UNUSABLE.includes(code));
}

/** What is known about a file before its bytes are read. */
export interface Expected {
  readonly assetId: string;
  readonly kind: FileKind;
  readonly head: Uint8Array;
  /** The length that the file's host gave, in bytes. */
  readonly length: number | undefined;
  /** The size that Scenario states, in bytes. The file itself is better evidence. */
  readonly statedBytes: number | undefined;
  readonly maxBytes: number;
  /** Hashes of suspect bytes that came before. If they come again, these are the bytes of the file. */
  readonly suspects: Set<string>;
  /** Called with a GLB that was kept, once all of it was read and it can be opened. */
  readonly onWholeGlb?: (glb: Uint8Array<ArrayBuffer>) => void;
}

/** Measures and hashes the bytes of one file as they pass through, and checks them against what is expected. */
export class FileVerifier {
  bytes = 0;
  /** What is odd about the file, once all of it has passed. */
  problems: readonly Problem[] = [];
  sha256 = '';
  readonly #expected: Expected;
  readonly #hash = createHash('sha256');
  readonly #glb: GlbStream | undefined;
  #tail = Buffer.alloc(0);

  constructor(expected: Expected) {
    this.#expected = expected;
    const { kind, head, length, statedBytes } = expected;
    for (const bytes of [length, statedBytes]) this.#refuseLarger(bytes ?? 0);
    this.#glb = kind.extension === 'glb' ? new GlbStream(head) : undefined;
  }

  /**
   * Passes the bytes on. If they are suspect for the first time, fails before the object is complete.
   *
   * @throws DownloadBrokenError | FileTooLargeError
   */
  async *pass(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      this.#update(piece);
      yield piece;
    }
    if (this.bytes === 0) throw new DownloadBrokenError(`${this.#expected.assetId} is empty`);
    this.sha256 = this.#hash.digest('hex');
    const { assetId, suspects } = this.#expected;
    const defect = this.#findDefect();
    if (defect && !suspects.has(this.sha256)) {
      suspects.add(this.sha256);
      throw new DownloadBrokenError(`${assetId}: ${defect.message}`);
    }
    this.problems = [defect ?? this.#findOddity()].filter((problem) => problem !== undefined);
    const glb = this.#glb?.whole();
    if (glb && !isUnusable(this)) this.#expected.onWholeGlb?.(glb);
  }

  #update(piece: Uint8Array): void {
    this.bytes += piece.length;
    this.#refuseLarger(this.bytes);
    this.#hash.update(piece);
    this.#glb?.update(piece);
    const before = piece.length < TAIL_BYTES ? [this.#tail] : [];
    this.#tail = Buffer.concat([...before, piece.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES);
  }

  /** What another download may mend. */
  #findDefect(): Problem | undefined {
    const { kind, length, statedBytes } = this.#expected;
    if (kind.isPage) return { code: 'page', message: `it is ${kind.extension} instead of a file` };
    const is = `it has ${this.bytes} bytes and should have`;
    if (length !== undefined && length !== this.bytes) return { code: 'wrong-size', message: `${is} ${length}` };
    if (!this.#hasEnd()) {
      const code = kind.mayLackEnd ? 'perhaps-cut' : 'ends-early';
      return { code, message: `the ${kind.extension} lacks its end` };
    }
    const wrong = this.#glb?.findProblem();
    if (wrong) return wrong;
    const isProved = kind.end !== undefined || this.#glb !== undefined;
    if (statedBytes === undefined || statedBytes === this.bytes || isProved) return undefined;
    return { code: 'wrong-size', message: `${is} ${statedBytes}` };
  }

  #findOddity(): Problem | undefined {
    const { kind, statedBytes } = this.#expected;
    const trailing = this.#glb?.trailingBytes ?? 0;
    if (trailing > 0) return { code: 'trailing-bytes', message: `${trailing} bytes follow after the end of the GLB` };
    if (kind.extension === 'bin') return { code: 'unknown-format', message: 'the format of the file is unknown' };
    if (statedBytes === undefined || statedBytes === this.bytes || kind.isPage) return undefined;
    return { code: 'wrong-size', message: `it has ${this.bytes} bytes, and Scenario states ${statedBytes}` };
  }

  #hasEnd(): boolean {
    const { kind } = this.#expected;
    return this.bytes >= (kind.minBytes ?? 0) && (kind.end?.test(this.#tail.toString('latin1')) ?? true);
  }

  #refuseLarger(bytes: number): void {
    const { maxBytes } = this.#expected;
    if (bytes > maxBytes)
      throw new FileTooLargeError(`the file has more than ${maxBytes.toLocaleString('en')} bytes (maxAssetBytes)`);
  }
}
