import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { tripo31 } from '../../../functions/models/tripo-3-1.ts';
import { readImage as readImageWith } from '../../../functions/submit-job/read-image.ts';
import { jpeg, png, webp } from '../images.ts';
import { inspectHere } from '../inspect-here.ts';
import { openS3, UNVERSIONED_UPLOADS, UPLOADS } from '../s3-endpoint.ts';

const readImage = (upload: Parameters<typeof readImageWith>[0], s3: S3Client) =>
  readImageWith(upload, { s3, inspect: inspectHere }, () => tripo31.image);

describe('an image', () => {
  it.each([
    ['image/jpeg', jpeg],
    ['image/png', png],
    ['image/webp', webp],
  ])('of type %s is told by its bytes, whatever it is called', async (contentType, make) => {
    const s3 = await openS3();
    const bytes = await make();
    const upload = await s3.put(UPLOADS, 'picture.txt', bytes, { 'tripo-quad': 'true', author: 'me' });

    const found = await readImage(upload, s3.s3);

    expect(found).toMatchObject({
      kind: 'image',
      metadata: { 'tripo-quad': 'true', author: 'me' },
      upload: {
        bucket: UPLOADS,
        key: 'picture.txt',
        versionId: upload.versionId,
        bytes: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        contentType,
        width: 24,
        height: 24,
      },
    });
  });

  it('is read in the version that was announced, not in the newest', async () => {
    const s3 = await openS3();
    const upload = await s3.put(UPLOADS, 'oak.png', await png());
    await s3.put(UPLOADS, 'oak.png', 'something else');

    expect(await readImage(upload, s3.s3)).toMatchObject({ kind: 'image' });
  });

  it('is still there below a delete marker', async () => {
    const s3 = await openS3();
    const upload = await s3.put(UPLOADS, 'oak.png', await png());
    await s3.s3.send(new DeleteObjectCommand({ Bucket: UPLOADS, Key: 'oak.png' }));

    expect(await readImage(upload, s3.s3)).toMatchObject({ kind: 'image' });
  });

  it.each(['a b+c.png', 'ü/🪑 & <x>.png', 'a//b.png', '/lead.png', 'a%20b.png', "it's (1)!.png", 'a/../b.png'])(
    'is found under the odd key %s',
    async (key) => {
      const s3 = await openS3();
      const upload = await s3.put(UPLOADS, key, await png());

      expect(await readImage(upload, s3.s3)).toMatchObject({ kind: 'image', upload: { key } });
    },
  );
});

describe('an upload that is gone', () => {
  it('is told as deleted when the version is deleted', async () => {
    const s3 = await openS3();
    const upload = await s3.put(UPLOADS, 'oak.png', await png());
    await s3.s3.send(new DeleteObjectCommand({ Bucket: UPLOADS, Key: 'oak.png', VersionId: upload.versionId }));

    expect(await readImage(upload, s3.s3)).toMatchObject({
      kind: 'gone',
      failure: { code: 'upload-deleted' },
    });
  });

  it('is told as deleted when its version is a delete marker', async () => {
    const s3 = await openS3();
    const upload = await s3.put(UPLOADS, 'oak.png', await png());
    const { VersionId } = await s3.s3.send(new DeleteObjectCommand({ Bucket: UPLOADS, Key: 'oak.png' }));

    const found = await readImage({ ...upload, versionId: VersionId ?? '' }, s3.s3);

    expect(found).toMatchObject({ kind: 'gone', failure: { code: 'upload-deleted' } });
  });

  it('is told as deleted in a bucket without versions', async () => {
    const s3 = await openS3();
    const upload = await s3.put(UNVERSIONED_UPLOADS, 'oak.png', await png());
    await s3.s3.send(new DeleteObjectCommand({ Bucket: UNVERSIONED_UPLOADS, Key: 'oak.png' }));

    expect(await readImage(upload, s3.s3)).toMatchObject({
      kind: 'gone',
      failure: { code: 'upload-deleted' },
    });
  });

  it('is told as replaced in a bucket without versions', async () => {
    const s3 = await openS3();
    const upload = await s3.put(UNVERSIONED_UPLOADS, 'oak.png', await png());
    await s3.put(UNVERSIONED_UPLOADS, 'oak.png', await jpeg());

    expect(await readImage(upload, s3.s3)).toMatchObject({
      kind: 'gone',
      failure: { code: 'upload-replaced' },
    });
  });

  it('is not answered when the whole bucket is unknown: that is a fault', async () => {
    const s3 = await openS3();
    const upload = await s3.put(UPLOADS, 'oak.png', await png());

    await expect(readImage({ ...upload, bucket: 'elsewhere' }, s3.s3)).rejects.toMatchObject({
      name: 'NoSuchBucket',
    });
  });
});

describe('an upload that is not an image', () => {
  it.each([
    ['empty', ''],
    ['not-an-image', 'hello'],
    ['not-an-image', 'GIF89a...'],
    ['not-an-image', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
    ['incomplete-image', Buffer.from('89504e470d0a1a0a0000', 'hex')],
    ['incomplete-image', Buffer.from('ffd8ff', 'hex')],
    ['incomplete-image', 'RIFF....WEBPVP8 '],
    ['not-an-image', Buffer.alloc(100)],
  ])('is %s', async (code, body) => {
    const s3 = await openS3();
    const upload = await s3.put(UPLOADS, 'oak.png', body);

    const found = await readImage(upload, s3.s3);

    expect(found).toMatchObject({ kind: 'unusable', failure: { code }, upload: { bytes: body.length } });
  });

  it('because its PNG ends within its header is told so', async () => {
    const s3 = await openS3();
    const upload = await s3.put(UPLOADS, 'oak.png', (await png()).subarray(0, 20));

    expect(await readImage(upload, s3.s3)).toMatchObject({
      kind: 'unusable',
      failure: { code: 'incomplete-image', reason: expect.stringContaining('PNG image ends in the middle') as string },
      upload: { contentType: 'image/png' },
    });
  });
});

describe('a file of too many bytes', () => {
  /** Says that it has so many bytes, and then sends hardly any. */
  async function announcing(bytes: number) {
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-length': `${bytes}`, etag: '"e"' });
      response.write(Buffer.alloc(1_000));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const s3 = new S3Client({
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      forcePathStyle: true,
      maxAttempts: 1,
    });
    onTestFinished(() => {
      s3.destroy();
      server.closeAllConnections();
      server.close();
    });
    return await readImage({ bucket: 'b', key: 'k', etag: 'e', sequencer: '0', versionId: 'v' }, s3);
  }

  it('is refused without being read', async () => {
    expect(await announcing(20_000_001)).toMatchObject({
      kind: 'unusable',
      failure: { code: 'too-large', reason: expect.stringMatching(/20,000,001.*20,000,000/) as string },
      upload: { bytes: 20_000_001 },
    });
  });

  it('is read up to exactly 20,000,000', async () => {
    const s3 = await openS3();
    const upload = await s3.put(
      UPLOADS,
      'oak.png',
      Buffer.concat([await png(), Buffer.alloc(20_000_000)]).subarray(0, 20_000_000),
    );

    expect(await readImage(upload, s3.s3)).toMatchObject({ kind: 'image', upload: { bytes: 20_000_000 } });
  });
});
