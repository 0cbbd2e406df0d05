import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetObjectCommand, ListObjectVersionsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { onTestFinished } from 'vitest';
import { createS3Handler } from '../../local/aws/s3/handler.ts';
import { createObjectStore } from '../../local/aws/s3/store.ts';

export const UPLOADS = 'uploads';
export const UNVERSIONED_UPLOADS = 'unversioned-uploads';
export const ASSETS = 'assets';

/** The local S3 endpoint with the real client before it, for one test. */
export async function openS3(now: () => number = Date.now) {
  const store = createObjectStore({ now });
  store.createBucket(UPLOADS, { versioned: true });
  store.createBucket(UNVERSIONED_UPLOADS);
  store.createBucket(ASSETS, { versioned: true });
  const handle = createS3Handler(store);
  const requests: string[] = [];
  // Between two calls a busy machine may need longer than the five seconds after which a server hangs up, and nobody retries.
  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    void handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const s3 = new S3Client({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    forcePathStyle: true,
    maxAttempts: 1,
  });
  onTestFinished(() => {
    s3.destroy();
    server.closeAllConnections();
    server.close();
  });

  async function put(bucket: string, key: string, body: Uint8Array | string, metadata = {}) {
    const { VersionId, ETag = '' } = await s3.send(
      new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, Metadata: metadata }),
    );
    return {
      bucket,
      key,
      etag: ETag.replaceAll('"', ''),
      sequencer: '0062E99A88DC407460',
      ...(VersionId !== undefined && { versionId: VersionId }),
    };
  }

  async function bytes(key: string, versionId?: string, bucket = ASSETS): Promise<Buffer> {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  }

  async function json(key: string): Promise<unknown> {
    return JSON.parse((await bytes(key)).toString());
  }

  /** Every object that is there now in the asset bucket. */
  function keys(bucket = ASSETS): readonly string[] {
    return store.list(bucket).objects.map(({ key }) => key);
  }

  async function versionCount(key: string): Promise<number> {
    const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: ASSETS, Prefix: key }));
    return Versions.filter(({ Key }) => Key === key).length;
  }

  return { s3, store, put, bytes, json, keys, versionCount, requests };
}
