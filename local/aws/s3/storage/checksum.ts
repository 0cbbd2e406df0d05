import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Crc32c } from '@aws-crypto/crc32c';
import { Crc64Nvme } from '@aws-sdk/crc64-nvme';

/** In the order in which S3 lists them. The names are those of `x-amz-checksum-<name>`. */
export const CHECKSUM_ALGORITHMS = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'] as const;

export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];

/**
 * The checksum that S3 stores with an object. A composite checksum is computed from the checksums of the parts, and
 * ends in `-<parts>`.
 */
export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64. */
  readonly value: string;
  readonly type: 'FULL_OBJECT' | 'COMPOSITE';
}

interface RunningDigest {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array | Promise<Uint8Array>;
}

const CREATORS: Readonly<Record<ChecksumAlgorithm, () => RunningDigest>> = {
  crc32: () => createCrc((bytes, soFar) => crc32(bytes, soFar)),
  crc32c: createCrc32c,
  crc64nvme: () => new Crc64Nvme(),
  sha1: () => createHash('sha1'),
  sha256: () => createHash('sha256'),
};

export function createChecksum(algorithm: ChecksumAlgorithm): RunningDigest {
  return CREATORS[algorithm]();
}

/** Accepts `CRC32` and `crc32`. */
export function checksumAlgorithmOf(name: string): ChecksumAlgorithm | undefined {
  return CHECKSUM_ALGORITHMS.find((algorithm) => algorithm === name.toLowerCase());
}

/** Computes the checksum of the checksums of the parts, which is the default for a multipart object. */
export async function compositeChecksum(algorithm: ChecksumAlgorithm, parts: readonly string[]): Promise<Checksum> {
  const whole = createChecksum(algorithm);
  for (const part of parts) whole.update(Buffer.from(part, 'base64'));
  return { algorithm, value: `${base64(await whole.digest())}-${parts.length}`, type: 'COMPOSITE' };
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function createCrc(next: (bytes: Uint8Array, soFar: number) => number): RunningDigest {
  let soFar = 0;
  return {
    update: (bytes) => {
      soFar = next(bytes, soFar);
    },
    digest: () => bigEndian(soFar),
  };
}

function createCrc32c(): RunningDigest {
  const running = new Crc32c();
  return { update: (bytes) => running.update(bytes), digest: () => bigEndian(running.digest()) };
}

function bigEndian(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
