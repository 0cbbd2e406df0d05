import { createHash } from 'node:crypto';
import { type ChecksumAlgorithm, base64, createChecksum } from '../storage/checksum.ts';
import { S3Error } from '../s3-error.ts';

/** What the client states about its body. A mismatch is an error. */
export interface ExpectedDigests {
  /** Computed and stored. `expected` is called only after the last byte, because a trailer can contain the value. */
  readonly checksum?: {
    readonly algorithm: ChecksumAlgorithm;
    readonly expected?: () => string | undefined;
  };
  /** Base64, as in `Content-MD5`. */
  readonly md5?: string;
  /** Hex, as in `x-amz-content-sha256`. */
  readonly sha256?: string;
}

export interface ComputedDigests {
  /** The ETag, in hex. */
  readonly md5: string;
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly value: string };
}

export interface BodyDigests {
  update(bytes: Uint8Array): void;
  /** @throws S3Error BadDigest, InvalidDigest, XAmzContentSHA256Mismatch */
  finish(): Promise<ComputedDigests>;
}

/** Computes digests of a body while it streams. Always computes the MD5, because it is the ETag. */
export function createBodyDigests({ checksum, md5, sha256 }: ExpectedDigests): BodyDigests {
  const runningMd5 = createHash('md5');
  const runningSha256 = sha256 === undefined ? undefined : createHash('sha256');
  const runningChecksum = checksum && createChecksum(checksum.algorithm);

  return {
    update: (bytes) => {
      runningMd5.update(bytes);
      runningSha256?.update(bytes);
      runningChecksum?.update(bytes);
    },
    finish: async () => {
      const computedMd5 = runningMd5.digest();
      requireMd5(md5, computedMd5);
      requireSha256(sha256, runningSha256?.digest('hex'));
      const etag = computedMd5.toString('hex');
      if (!checksum || !runningChecksum) return { md5: etag };
      const value = base64(await runningChecksum.digest());
      requireChecksum(checksum.algorithm, checksum.expected?.(), value);
      return { md5: etag, checksum: { algorithm: checksum.algorithm, value } };
    },
  };
}

/** @throws S3Error BadDigest, with both values */
export function requireChecksum(algorithm: ChecksumAlgorithm, expected: string | undefined, computed: string): void {
  if (expected === undefined || expected === computed) return;
  throw new S3Error(
    'BadDigest',
    `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum: expected ${expected}, computed ${computed}`,
  );
}

function requireMd5(expected: string | undefined, computed: Buffer): void {
  if (expected === undefined || expected === base64(computed)) return;
  if (Buffer.from(expected, 'base64').length !== computed.length)
    throw new S3Error('InvalidDigest', 'The Content-MD5 you specified is not valid.');
  throw new S3Error(
    'BadDigest',
    `The Content-MD5 you specified did not match what we received: expected ${expected}, computed ${base64(computed)}`,
  );
}

function requireSha256(expected: string | undefined, computed: string | undefined): void {
  if (expected === computed) return;
  throw new S3Error(
    'XAmzContentSHA256Mismatch',
    `The provided x-amz-content-sha256 does not match what was computed: expected ${expected}, computed ${computed}`,
  );
}
