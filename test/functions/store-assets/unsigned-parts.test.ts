import type { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { expect, it } from 'vitest';
import { ASSETS, openS3 } from '../s3-endpoint.ts';
import { skipPartSignatures } from '../../../functions/store-assets/unsigned-parts.ts';

interface Sent {
  readonly headers: Record<string, string>;
  readonly body: Uint8Array | undefined;
}

/** Lets a test look at what is signed, on its way. */
function onTheWay(s3: S3Client, look: (command: string, request: Sent) => void): void {
  s3.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        look(commandName, args.request as Sent);
        return await next(args);
      },
    { step: 'finalizeRequest', priority: 'low' },
  );
}

async function copied(s3: S3Client): Promise<void> {
  const params = {
    Bucket: ASSETS,
    Key: 'a.glb',
    Body: Buffer.alloc(11_000_000, 7),
    ChecksumAlgorithm: 'CRC32',
  } as const;
  await new Upload({ client: s3, params, queueSize: 1 }).done();
}

it('parts alone go without a hash in their signature, and with a checksum', async () => {
  const { s3, keys } = await openS3();
  const hashes = new Map<string, string | undefined>();
  const checksums: (string | undefined)[] = [];
  onTheWay(skipPartSignatures(s3), (command, { headers }) => {
    hashes.set(command, headers['x-amz-content-sha256']);
    if (command === 'UploadPartCommand') checksums.push(headers['x-amz-checksum-crc32']);
  });

  await copied(s3);

  expect(keys()).toEqual(['a.glb']);
  expect(hashes.get('UploadPartCommand')).toBe('UNSIGNED-PAYLOAD');
  expect(hashes.get('CompleteMultipartUploadCommand')).toMatch(/^[0-9a-f]{64}$/);
  expect(checksums).toHaveLength(3);
  for (const checksum of checksums) expect(checksum).toMatch(/^[\w+/]{6}==$/);
});

it('a byte that changes on its way keeps the part from becoming an object', async () => {
  const { s3, keys } = await openS3();
  onTheWay(skipPartSignatures(s3), (command, { body }) => {
    if (command === 'UploadPartCommand' && body) body[4711] = 8;
  });

  await expect(copied(s3)).rejects.toThrow(/checksum|CRC32/i);

  expect(keys()).toEqual([]);
});
