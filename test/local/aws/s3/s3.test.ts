import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, type Server, createServer, request as httpRequest } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import {
  AbortMultipartUploadCommand,
  ChecksumAlgorithm,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketAclCommand,
  GetBucketLocationCommand,
  GetBucketVersioningCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CreatedObject } from '../../../../local/aws/s3/created-object.ts';
import { createS3Handler } from '../../../../local/aws/s3/handler.ts';
import { type ObjectStore, createObjectStore } from '../../../../local/aws/s3/store.ts';
import { wordsFirst } from '../../../words-first.ts';

const MB = 1024 * 1024;
const PLAIN = 'plain-bucket';
const VERSIONED = 'versioned-bucket';
const credentials = { accessKeyId: 'any', secretAccessKey: 'any' };

const folder = mkdtempSync(join(tmpdir(), 's3-test-'));
const created: CreatedObject[] = [];
let onCreated: (object: CreatedObject) => Promise<void>;
let clock: () => number = Date.now;
let store: ObjectStore;
let server: Server;
let port: number;
let s3: S3Client;
let folderCount = 0;

beforeAll(async () => {
  // On a busy machine, more than five seconds can pass between two calls. After five seconds, the server would close
  // the connection, and nothing retries.
  server = createServer({ keepAliveTimeout: 0 }, (request, response) => void createS3Handler(store)(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
  s3 = new S3Client({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials,
    maxAttempts: 1,
  });
});

beforeEach(() => {
  created.length = 0;
  clock = Date.now;
  onCreated = async (object) => void created.push(object);
  openStore(`store-${(folderCount += 1)}`);
  store.createBucket(PLAIN);
  store.createBucket(VERSIONED, { versioned: true });
});

afterAll(() => {
  s3.destroy();
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

function openStore(name = `store-${folderCount}`): void {
  store = createObjectStore({
    folder: join(folder, name),
    now: () => clock(),
    onCreated: (object) => onCreated(object),
  });
}

/** In place of the one on the disk, which waits for the disk at each object. */
function openStoreInMemory(): void {
  store = createObjectStore({ now: () => clock() });
  store.createBucket(PLAIN);
}

/** Lists the files. A file that a reader has open disappears when it is closed, so poll this function. */
function filesLeft(): string[] {
  return readdirSync(join(folder, `store-${folderCount}`, 'blobs'));
}

async function put(Key: string, Body: string | Uint8Array = Key, Bucket = PLAIN) {
  return s3.send(new PutObjectCommand({ Bucket, Key, Body }));
}

async function get(Key: string, VersionId?: string, Bucket = VersionId ? VERSIONED : PLAIN): Promise<string> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, VersionId }));
  return (await Body?.transformToString()) ?? '';
}

async function createUpload(Key: string, Bucket = PLAIN): Promise<string> {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  return UploadId ?? '';
}

async function uploadPart(Key: string, UploadId: string, PartNumber: number, Body: string | Uint8Array) {
  const { ETag } = await s3.send(new UploadPartCommand({ Bucket: PLAIN, Key, UploadId, PartNumber, Body }));
  return { PartNumber, ETag };
}

/** Sends a request that no SDK sends. */
async function raw(
  method: string,
  path: string,
  { headers = {}, body = '' }: { headers?: Record<string, string>; body?: string | Uint8Array } = {},
): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({ host: '127.0.0.1', port, method, path, headers }, (response) => {
      const { statusCode: status = 0, headers } = response;
      text(response).then((body) => resolve({ status, headers, body }), reject);
    });
    outgoing.on('error', reject).end(body);
  });
}

function base64Crc32(body: string | Uint8Array): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return bytes.toString('base64');
}

function outcomes(results: readonly PromiseSettledResult<unknown>[]): string[] {
  return results
    .map((result) => (result.status === 'fulfilled' ? 'won' : (result.reason as Error).name))
    .toSorted()
    .toReversed();
}

describe('objects', () => {
  it('returns the bytes and their description', async () => {
    const said = {
      ContentType: 'image/png',
      ContentDisposition: 'attachment; filename="a.png"',
      CacheControl: 'no-store',
      ContentEncoding: 'gzip',
      ContentLanguage: 'de',
      Expires: new Date('2030-01-01T00:00:00Z'),
      Metadata: { name: 'oak', encoded: '=?UTF-8?B?8J+miQ==?=', created: '2020', 'with-dash': '007' },
    };
    const body = randomBytes(200_000);

    const answer = await s3.send(new PutObjectCommand({ Bucket: PLAIN, Key: 'a.png', Body: body, ...said }));
    const object = await s3.send(new GetObjectCommand({ Bucket: PLAIN, Key: 'a.png' }));

    expect(answer.ETag).toBe(`"${createHash('md5').update(body).digest('hex')}"`);
    expect(Buffer.from((await object.Body?.transformToByteArray()) ?? []).equals(body)).toBe(true);
    const { Expires, ...rest } = said;
    expect(object).toMatchObject({
      ...rest,
      ETag: answer.ETag,
      ContentLength: 200_000,
      ExpiresString: Expires.toUTCString(),
    });
    expect(object.VersionId).toBeUndefined();
    expect(object.$metadata.requestId).toMatch(/^[0-9A-F]{16}$/);
  });

  it('sends metadata that is not ASCII in RFC 2047, as S3 does', async () => {
    const bytes = Buffer.from('Größe 🦉').toString('latin1');
    await raw('PUT', `/${PLAIN}/utf8`, { headers: { 'x-amz-meta-name': bytes, 'x-amz-meta-plain': 'a = b' } });

    const { headers } = await raw('GET', `/${PLAIN}/utf8`);

    expect(headers['x-amz-meta-name']).toBe(`=?UTF-8?B?${Buffer.from('Größe 🦉').toString('base64')}?=`);
    expect(headers['x-amz-meta-plain']).toBe('a = b');
  });

  it('takes a file from an HTML form', async () => {
    const form = new FormData();
    form.set('key', 'forms/${filename}');
    form.set('x-amz-meta-name', 'oak');
    form.set('Content-Type', 'image/png');
    form.set('success_action_status', '201');
    form.set('file', new Blob(['bytes']), 'oak.png');

    const answer = await fetch(`http://127.0.0.1:${port}/${PLAIN}`, { method: 'POST', body: form });

    expect(answer.status).toBe(201);
    expect(await answer.text()).toContain('<Key>forms/oak.png</Key>');
    expect(store.head(PLAIN, 'forms/oak.png')).toMatchObject({ contentType: 'image/png', metadata: { name: 'oak' } });
    expect(created.at(-1)).toMatchObject({ key: 'forms/oak.png', reason: 'PostObject' });
  });

  it('refuses a form without a key, without a file, or that is none', async () => {
    const form = new FormData();
    form.set('key', 'a');
    const post = async (body: FormData | string) => {
      return await (await fetch(`http://127.0.0.1:${port}/${PLAIN}`, { method: 'POST', body })).text();
    };

    expect(await post(form)).toContain('<Code>InvalidArgument</Code>');
    expect(await post(new FormData())).toMatch(/<Code>(InvalidArgument|MalformedPOSTRequest)<\/Code>/);
    expect(await post('hello')).toContain('<Code>MalformedPOSTRequest</Code>');
  });

  it('tells the attributes of an object', async () => {
    await put('a', 'abc');
    const wanted = ['ETag', 'ObjectSize', 'StorageClass', 'Checksum'] as const;

    const told = await s3.send(
      new GetObjectAttributesCommand({ Bucket: PLAIN, Key: 'a', ObjectAttributes: [...wanted] }),
    );

    expect(told).toMatchObject({
      ObjectSize: 3,
      StorageClass: 'STANDARD',
      ETag: createHash('md5').update('abc').digest('hex'),
    });
    expect(told.LastModified).toBeInstanceOf(Date);
  });

  it('copies an object onto itself only with a change', async () => {
    await put('a');
    const copy = (more: object) =>
      s3.send(new CopyObjectCommand({ Bucket: PLAIN, Key: 'a', CopySource: `${PLAIN}/a`, ...more }));

    await expect(copy({})).rejects.toMatchObject({ name: 'InvalidRequest' });
    await expect(copy({ StorageClass: 'STANDARD_IA' })).resolves.toMatchObject({});
    await expect(copy({ ServerSideEncryption: 'AES256' })).resolves.toMatchObject({});
  });

  it('deletes a bucket only if nothing is in it', async () => {
    await s3.send(new CreateBucketCommand({ Bucket: 'short-lived' }));
    await s3.send(new PutObjectCommand({ Bucket: 'short-lived', Key: 'a', Body: 'a' }));
    const remove = () => s3.send(new DeleteBucketCommand({ Bucket: 'short-lived' }));

    await expect(remove()).rejects.toMatchObject({ name: 'BucketNotEmpty' });
    await s3.send(new DeleteObjectCommand({ Bucket: 'short-lived', Key: 'a' }));
    await remove();
    openStore();

    await expect(remove()).rejects.toMatchObject({ name: 'NoSuchBucket' });
  });

  it.each([
    ' ',
    ' a ',
    'a+b c%20%2F',
    'caf\u00e9',
    'cafe\u0301',
    '🦉/\ufb01',
    '/leading',
    'a//b/',
    '../../etc/passwd',
    './a/../b',
    '<&>"\'\r\n\t',
    'with?query#and;hash',
    'k'.repeat(1024),
    '__proto__',
  ])('accepts the key %j and lists it', async (key) => {
    await put(key);
    await put('a');

    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: PLAIN }));

    expect(await get(key)).toBe(key);
    expect(Contents?.map(({ Key }) => Key)).toContain(key);
    await s3.send(new DeleteObjectsCommand({ Bucket: PLAIN, Delete: { Objects: [{ Key: key }] } }));
    expect(store.list(PLAIN).objects.map((object) => object.key)).toEqual(['a']);
  });

  it('distinguishes keys that a file system might not', async () => {
    const keys = ['a', 'a/b', 'A', 'a/', 'caf\u00e9', 'cafe\u0301'];

    await Promise.all(keys.map((key) => put(key)));

    expect(await Promise.all(keys.map((key) => get(key)))).toEqual(keys);
  });

  it('refuses a key over 1,024 bytes and metadata over 2 KB', async () => {
    await expect(put('é'.repeat(513))).rejects.toMatchObject({ name: 'KeyTooLongError' });
    const large = new PutObjectCommand({
      Bucket: PLAIN,
      Key: 'a',
      Body: 'a',
      Metadata: { a: 'x'.repeat(2048) },
    });
    await expect(s3.send(large)).rejects.toMatchObject({ name: 'MetadataTooLarge' });
  });

  it('answers ranges', async () => {
    await put('digits', '0123456789');
    const range = async (Range: string) => {
      const answer = await s3.send(new GetObjectCommand({ Bucket: PLAIN, Key: 'digits', Range }));
      return `${answer.$metadata.httpStatusCode} ${await answer.Body?.transformToString()} ${answer.ContentRange}`;
    };

    expect(await range('bytes=2-4')).toBe('206 234 bytes 2-4/10');
    expect(await range('bytes=7-')).toBe('206 789 bytes 7-9/10');
    expect(await range('bytes=-2')).toBe('206 89 bytes 8-9/10');
    expect(await range('bytes=8-99')).toBe('206 89 bytes 8-9/10');
    await expect(range('bytes=10-')).rejects.toMatchObject({
      name: 'InvalidRange',
      $metadata: { httpStatusCode: 416 },
    });
  });

  it('answers conditional reads', async () => {
    const { ETag } = await put('a');
    const { LastModified } = await s3.send(new HeadObjectCommand({ Bucket: PLAIN, Key: 'a' }));
    const statusOf = async (conditions: object) =>
      s3.send(new GetObjectCommand({ Bucket: PLAIN, Key: 'a', ...conditions })).then(
        (answer) => answer.$metadata.httpStatusCode,
        (error: { $metadata: { httpStatusCode: number } }) => error.$metadata.httpStatusCode,
      );

    expect(await statusOf({ IfMatch: ETag })).toBe(200);
    expect(await statusOf({ IfMatch: '"other"' })).toBe(412);
    expect(await statusOf({ IfNoneMatch: ETag })).toBe(304);
    expect(await statusOf({ IfNoneMatch: '"other"' })).toBe(200);
    expect(await statusOf({ IfModifiedSince: LastModified })).toBe(304);
    expect(await statusOf({ IfModifiedSince: new Date(0) })).toBe(200);
    expect(await statusOf({ IfUnmodifiedSince: new Date(0) })).toBe(412);
  });

  it('copies with the description of the source or with a new one', async () => {
    const source = { Bucket: VERSIONED, Key: 'a +ü' };
    const first = await s3.send(
      new PutObjectCommand({ ...source, Body: 'one', Metadata: { n: '1' }, ContentType: 'a/b' }),
    );
    await s3.send(new PutObjectCommand({ ...source, Body: 'two', Metadata: { n: '2' } }));
    const CopySource = `${VERSIONED}/${encodeURIComponent(source.Key)}`;

    const old = await s3.send(
      new CopyObjectCommand({
        Bucket: PLAIN,
        Key: 'old',
        CopySource: `${CopySource}?versionId=${first.VersionId}`,
      }),
    );
    await s3.send(
      new CopyObjectCommand({
        Bucket: PLAIN,
        Key: 'new',
        CopySource,
        MetadataDirective: 'REPLACE',
        Metadata: { m: '3' },
      }),
    );

    await s3.send(new CopyObjectCommand({ ...source, CopySource: `${CopySource}?versionId=${first.VersionId}` }));
    const toItself = s3.send(new CopyObjectCommand({ ...source, CopySource }));

    await expect(toItself).rejects.toMatchObject({ name: 'InvalidRequest' });
    expect(await get(source.Key, undefined, VERSIONED)).toBe('one');
    expect(old.CopyObjectResult?.ETag).toBe(first.ETag);
    expect(store.head(PLAIN, 'old')).toMatchObject({ metadata: { n: '1' }, contentType: 'a/b', size: 3 });
    expect(store.head(PLAIN, 'new').metadata).toEqual({ m: '3' });
    expect(await get('new')).toBe('two');
    expect(created.slice(2).map(({ reason }) => reason)).toEqual(['CopyObject', 'CopyObject', 'CopyObject']);
  });

  it('keeps tags', async () => {
    await s3.send(new PutObjectCommand({ Bucket: PLAIN, Key: 'a', Body: 'a', Tagging: 'x=1&y=a%20b' }));
    const tags = async () => (await s3.send(new GetObjectTaggingCommand({ Bucket: PLAIN, Key: 'a' }))).TagSet;

    expect(await tags()).toEqual([
      { Key: 'x', Value: '1' },
      { Key: 'y', Value: 'a b' },
    ]);

    const TagSet = [{ Key: 'lastModified', Value: ' 2 ' }];
    await s3.send(new PutObjectTaggingCommand({ Bucket: PLAIN, Key: 'a', Tagging: { TagSet } }));
    openStore();
    expect(await tags()).toEqual(TagSet);
    expect(await get('a')).toBe('a');
  });

  it('lets the query set response headers', async () => {
    await put('a');

    const command = {
      Bucket: PLAIN,
      Key: 'a',
      ResponseContentType: 'x/y',
      ResponseContentDisposition: 'inline',
    };
    const { ContentType, ContentDisposition } = await s3.send(new GetObjectCommand(command));

    expect({ ContentType, ContentDisposition }).toEqual({ ContentType: 'x/y', ContentDisposition: 'inline' });
  });

  it('reports what does not exist', async () => {
    await expect(get('none')).rejects.toMatchObject({
      name: 'NoSuchKey',
      $metadata: { httpStatusCode: 404 },
    });
    await expect(put('a', 'a', 'no-bucket')).rejects.toMatchObject({ name: 'NoSuchBucket' });
    await expect(get('none', 'none')).rejects.toMatchObject({ name: 'NoSuchVersion' });
    const head = new HeadObjectCommand({ Bucket: PLAIN, Key: 'none' });
    await expect(s3.send(head)).rejects.toMatchObject({ name: 'NotFound' });
    const missing = { Bucket: PLAIN, Key: 'a', UploadId: 'none' };
    await expect(s3.send(new ListPartsCommand(missing))).rejects.toMatchObject({ name: 'NoSuchUpload' });
  });

  it('continues a read while the object is overwritten or deleted', async () => {
    await put('a', Buffer.alloc(4 * MB, 'x'));
    const { body } = store.get(PLAIN, 'a');

    await put('a', 'new');

    expect((await buffer(body)).equals(Buffer.alloc(4 * MB, 'x'))).toBe(true);
    await expect.poll(filesLeft).toHaveLength(1);
  });

  it('announces an object before it answers the uploader, and keeps the object if the announcement fails', async () => {
    onCreated = async () => {
      throw new Error('queue is full');
    };

    await expect(put('a', 'kept')).rejects.toMatchObject({ name: 'InternalError', message: 'queue is full' });

    expect(await get('a')).toBe('kept');
  });

  it('announces an object with the fields of the S3 event', async () => {
    clock = () => Date.parse('2026-11-22T10:00:00.123Z');
    const { ETag, VersionId } = await put('a b', 'x', VERSIONED);
    await put('c', 'x');

    expect(created[0]).toEqual({
      bucket: VERSIONED,
      key: 'a b',
      versionId: VersionId,
      size: 1,
      etag: ETag?.replaceAll('"', ''),
      sequencer: expect.stringMatching(/^[0-9A-F]{16}$/) as string,
      reason: 'PutObject',
      sourceIp: '127.0.0.1',
      time: new Date(clock()),
    });
    expect(created[1]).not.toHaveProperty('versionId');
    expect(String(created[1]?.sequencer) > String(created[0]?.sequencer)).toBe(true);
  });
});

describe('integrity', () => {
  it.each(Object.values(ChecksumAlgorithm).filter((name) => /^(CRC|SHA1|SHA256)/.test(name)))(
    'accepts a %s checksum, and returns it for the client to check',
    async (ChecksumAlgorithm) => {
      const object = { Bucket: PLAIN, Key: ChecksumAlgorithm };
      const field = `Checksum${ChecksumAlgorithm}`;

      const answer: object = await s3.send(new PutObjectCommand({ ...object, Body: '123456789', ChecksumAlgorithm }));
      const got = await s3.send(new GetObjectCommand({ ...object, ChecksumMode: 'ENABLED' }));

      expect(await got.Body?.transformToString()).toBe('123456789');
      expect(got).toHaveProperty(field);
      expect(answer).toHaveProperty(field, (got as unknown as Record<string, string>)[field]);
      expect(got.ChecksumType).toBe('FULL_OBJECT');
    },
  );

  it('computes the published check values', async () => {
    const published = { crc32: 'y/Q5Jg==', crc32c: '4waSgw==', crc64nvme: 'rosUhgp5mIg=' };
    for (const [algorithm, value] of Object.entries(published)) {
      const headers = { [`x-amz-checksum-${algorithm}`]: value };
      expect(await raw('PUT', `/${PLAIN}/check`, { headers, body: '123456789' })).toMatchObject({
        status: 200,
        headers,
      });
    }
  });

  it.each(
    wordsFirst<[Record<string, string>, string]>([
      [{ 'x-amz-checksum-crc32': 'AAAAAA==' }, 'BadDigest', `expected AAAAAA==, computed ${base64Crc32('body')}`],
      [{ 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' }, 'BadDigest', 'Content-MD5'],
      [{ 'content-md5': 'nonsense' }, 'InvalidDigest', 'not valid'],
      [{ 'x-amz-content-sha256': '0'.repeat(64) }, 'XAmzContentSHA256Mismatch', 'computed 230d83'],
    ]),
  )('refuses a body that does not match its headers, and stores nothing: %s', async (message, headers, code) => {
    const answer = await raw('PUT', `/${PLAIN}/a`, { headers, body: 'body' });

    expect(answer).toMatchObject({
      status: 400,
      body: expect.stringContaining(`<Code>${code}</Code>`) as string,
    });
    expect(answer.body).toContain(message);
    expect(store.list(PLAIN).objects).toEqual([]);
    await expect.poll(filesLeft).toEqual([]);
  });

  const chunked = (checksum: string, length = '11') => ({
    headers: {
      'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
      'content-encoding': 'aws-chunked,gzip',
      'x-amz-decoded-content-length': length,
      'x-amz-trailer': 'x-amz-checksum-crc32',
    },
    body: `5;chunk-signature=${'0'.repeat(64)}\r\nhello\r\n6;chunk-signature=00\r\n world\r\n0;chunk-signature=00\r\nx-amz-checksum-crc32:${checksum}\r\nx-amz-trailer-signature:00\r\n\r\n`,
  });

  it('removes the framing of an aws-chunked body', async () => {
    expect(await raw('PUT', `/${PLAIN}/a`, chunked(base64Crc32('hello world')))).toMatchObject({
      status: 200,
    });

    expect(store.head(PLAIN, 'a')).toMatchObject({ size: 11, contentEncoding: 'gzip' });
    expect(await get('a')).toBe('hello world');
  });

  it('refuses an aws-chunked body with a wrong trailer, a wrong length, or a missing end', async () => {
    const crc = base64Crc32('hello world');
    const bodies = [
      chunked('AAAAAA=='),
      chunked(crc, '12'),
      { ...chunked(crc), body: chunked(crc).body.slice(0, 150) },
      { ...chunked(crc), body: '0\r\n\r\n', headers: { ...chunked(crc, '0').headers } },
    ];
    const codes = [];
    for (const body of bodies) {
      const answer = await raw('PUT', `/${PLAIN}/a`, body);
      codes.push(/<Code>(.*)<\/Code>/.exec(answer.body)?.[1]);
    }

    expect(codes).toEqual(['BadDigest', 'IncompleteBody', 'IncompleteBody', 'MalformedTrailerError']);
    await expect.poll(filesLeft).toEqual([]);
  });

  it('stores nothing of an interrupted upload', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.write(
      `PUT /${PLAIN}/cut HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\n${'x'.repeat(100_000)}`,
    );
    await expect.poll(filesLeft).toHaveLength(1);

    socket.destroy();

    await expect.poll(filesLeft).toEqual([]);
    expect(store.list(PLAIN).objects).toEqual([]);
  });

  it('refuses a body of unknown length, as S3 does', async () => {
    const headers = { 'transfer-encoding': 'chunked' };
    expect(await raw('PUT', `/${PLAIN}/a`, { headers, body: 'x' })).toMatchObject({ status: 411 });
  });
});

describe('conditional writes', () => {
  const race = (conditions: object, Key = 'race', Bucket = VERSIONED) =>
    Promise.allSettled(
      Array.from({ length: 20 }, (_, n) =>
        s3.send(new PutObjectCommand({ Bucket, Key, Body: String(n), ...conditions })),
      ),
    );
  const oneOf20 = ['won', ...Array.from({ length: 19 }, () => 'PreconditionFailed')];

  it('lets one of 20 writers create a key with If-None-Match, with and without versioning', async () => {
    expect(outcomes(await race({ IfNoneMatch: '*' }))).toEqual(oneOf20);
    expect(outcomes(await race({ IfNoneMatch: '*' }, 'race', PLAIN))).toEqual(oneOf20);
    expect(created).toHaveLength(2);
    await expect.poll(filesLeft).toHaveLength(2);
  });

  it('lets one of 20 writers replace a version with If-Match', async () => {
    const { ETag } = await put('race', 'first', VERSIONED);

    expect(outcomes(await race({ IfMatch: ETag }))).toEqual(oneOf20);
  });

  it('lets one of 20 multipart uploads complete with If-None-Match', async () => {
    const uploads = Array.from({ length: 20 }, async (_, n) => {
      const UploadId = await createUpload('race');
      const Parts = [await uploadPart('race', UploadId, 1, String(n))];
      return { Bucket: PLAIN, Key: 'race', UploadId, MultipartUpload: { Parts }, IfNoneMatch: '*' };
    });
    const ready = await Promise.all(uploads);

    const results = await Promise.allSettled(ready.map((input) => s3.send(new CompleteMultipartUploadCommand(input))));

    expect(outcomes(results)).toEqual(oneOf20);
  });

  it('completes an upload only once', async () => {
    const uploadId = store.multipart.create(VERSIONED, 'once');
    const name = { bucket: VERSIONED, key: 'once', uploadId };
    const { etag } = await store.multipart.uploadPart(name, 1, Readable.from([Buffer.from('x')]));
    const complete = () => store.multipart.complete(name, [{ number: 1, etag }]);

    const results = await Promise.allSettled([complete(), complete()]);

    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(results).toMatchObject([{}, { reason: { code: 'NoSuchUpload' } }]);
    // A client that lost the answer gets it again.
    expect(results[0]).toMatchObject({ value: await complete() });
    expect(store.listVersions(VERSIONED).versions).toHaveLength(1);
  });

  it('counts a deleted object as absent', async () => {
    const { ETag } = await put('a', 'one', VERSIONED);
    await s3.send(new DeleteObjectCommand({ Bucket: VERSIONED, Key: 'a' }));

    const object = { Bucket: VERSIONED, Key: 'a', Body: 'two' };
    await expect(s3.send(new PutObjectCommand({ ...object, IfMatch: ETag }))).rejects.toMatchObject({
      name: 'NoSuchKey',
    });
    await expect(s3.send(new PutObjectCommand({ ...object, IfNoneMatch: '*' }))).resolves.toHaveProperty('ETag');
  });
});

describe('versions', () => {
  it('keeps all versions and hides deleted objects', async () => {
    const one = await put('a', 'one', VERSIONED);
    const two = await put('a', 'two', VERSIONED);
    const marker = await s3.send(new DeleteObjectCommand({ Bucket: VERSIONED, Key: 'a' }));

    expect(marker).toMatchObject({
      DeleteMarker: true,
      VersionId: expect.stringMatching(/^\w{32}$/) as string,
    });
    expect(await get('a', one.VersionId)).toBe('one');
    expect(await get('a', two.VersionId)).toBe('two');
    await expect(get('a', undefined, VERSIONED)).rejects.toMatchObject({ name: 'NoSuchKey' });
    await expect(get('a', marker.VersionId)).rejects.toMatchObject({ name: 'MethodNotAllowed' });
    expect((await raw('GET', `/${VERSIONED}/a`)).headers['x-amz-delete-marker']).toBe('true');
    const listed = await s3.send(new ListObjectVersionsCommand({ Bucket: VERSIONED }));
    expect(listed.Versions?.map(({ VersionId, IsLatest }) => [VersionId, IsLatest])).toEqual([
      [two.VersionId, false],
      [one.VersionId, false],
    ]);
    expect(listed.DeleteMarkers?.map(({ VersionId, IsLatest }) => [VersionId, IsLatest])).toEqual([
      [marker.VersionId, true],
    ]);
  });

  it('restores an object when its delete marker is deleted, and removes a deleted version', async () => {
    const one = await put('a', 'one', VERSIONED);
    const { VersionId } = await s3.send(new DeleteObjectCommand({ Bucket: VERSIONED, Key: 'a' }));

    const undone = await s3.send(new DeleteObjectCommand({ Bucket: VERSIONED, Key: 'a', VersionId }));
    expect(undone).toMatchObject({ DeleteMarker: true, VersionId });
    expect(await get('a', undefined, VERSIONED)).toBe('one');

    await s3.send(new DeleteObjectCommand({ Bucket: VERSIONED, Key: 'a', VersionId: one.VersionId }));
    expect(store.listVersions(VERSIONED).versions).toEqual([]);
    await expect.poll(filesLeft).toEqual([]);
  });

  it.each([
    ['and keeps them', false],
    ['and deletes them in between', true],
  ])('pages through versions %s', async (_, isDeleting) => {
    for (let n = 0; n < 7; n += 1) await put(n < 5 ? 'a' : 'b', String(n), VERSIONED);
    const seen = [];

    let page: ListObjectVersionsCommandOutput | undefined;
    do {
      const after = { KeyMarker: page?.NextKeyMarker, VersionIdMarker: page?.NextVersionIdMarker };
      page = await s3.send(new ListObjectVersionsCommand({ Bucket: VERSIONED, MaxKeys: 2, ...after }));
      for (const { Key, VersionId } of page.Versions ?? []) {
        seen.push(Key);
        if (isDeleting) await s3.send(new DeleteObjectCommand({ Bucket: VERSIONED, Key, VersionId }));
      }
    } while (page.IsTruncated && seen.length < 10);

    expect(seen.join('')).toBe('aaaaabb');
    await expect.poll(filesLeft).toHaveLength(isDeleting ? 0 : 7);
  });

  it('overwrites permanently in a bucket without versioning', async () => {
    await put('a', 'one');
    await put('a', 'two');
    await expect.poll(filesLeft).toHaveLength(1);

    const { VersionId, DeleteMarker } = await s3.send(new DeleteObjectCommand({ Bucket: PLAIN, Key: 'a' }));

    expect([VersionId, DeleteMarker]).toEqual([undefined, undefined]);
    await expect.poll(filesLeft).toEqual([]);
  });
});

describe('listings', () => {
  it('pages through 1,500 keys in byte order', async () => {
    openStoreInMemory();
    const keys = Array.from({ length: 1500 }, (_, n) => `${n % 3 ? 'é' : '\u{1f989}'}/${n}`);
    await Promise.all(keys.map((key) => store.put(PLAIN, key, Readable.from([]))));
    const pages = [];

    for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket: PLAIN }))
      pages.push(Contents);

    expect(pages.map((page) => page.length)).toEqual([1000, 500]);
    const inOrder = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(pages.flat().map(({ Key }) => Key)).toEqual(inOrder);
  });

  it('sorts by UTF-8 bytes, where UTF-16 would sort U+FB01 after an owl emoji', async () => {
    for (const key of ['🦉', '\ufb01', 'b', 'a/b', 'a']) await put(key);

    const { Contents } = await s3.send(new ListObjectsCommand({ Bucket: PLAIN }));

    expect(Contents?.map(({ Key }) => Key)).toEqual(['a', 'a/b', 'b', '\ufb01', '🦉']);
  });

  it('groups keys by prefix, page by page', async () => {
    for (const key of ['a/1', 'a/2', 'b', 'c/1/x', 'c/2/y', 'd']) await put(key);
    const listing = { Bucket: PLAIN, Delimiter: '/' };
    const pages = [];

    for await (const page of paginateListObjectsV2({ client: s3, pageSize: 1 }, { ...listing }))
      pages.push(page.CommonPrefixes?.[0]?.Prefix ?? page.Contents?.[0]?.Key);
    const below = await s3.send(new ListObjectsV2Command({ ...listing, Prefix: 'c/', StartAfter: 'c/1/x' }));

    expect(pages).toEqual(['a/', 'b', 'c/', 'd']);
    expect(below).toMatchObject({ CommonPrefixes: [{ Prefix: 'c/2/' }], KeyCount: 1, IsTruncated: false });
  });

  it('encodes keys and returns the owner on request', async () => {
    await put('a b+\u0001/ü');

    const answer = await s3.send(new ListObjectsV2Command({ Bucket: PLAIN, EncodingType: 'url', FetchOwner: true }));

    expect(answer.Contents).toMatchObject([{ Key: 'a%20b%2B%01/%C3%BC', Owner: { ID: 'local' }, Size: 8 }]);
  });

  it('lists, creates, and describes buckets', async () => {
    await s3.send(new CreateBucketCommand({ Bucket: 'another' }));

    const { Buckets } = await s3.send(new ListBucketsCommand());
    expect(Buckets?.map(({ Name }) => Name)).toEqual(['another', PLAIN, VERSIONED]);
    const versioning = async (Bucket: string) => (await s3.send(new GetBucketVersioningCommand({ Bucket }))).Status;
    expect([await versioning(PLAIN), await versioning(VERSIONED)]).toEqual([undefined, 'Enabled']);
    expect((await s3.send(new GetBucketLocationCommand({ Bucket: PLAIN }))).LocationConstraint).toBeFalsy();
    await expect(s3.send(new HeadBucketCommand({ Bucket: 'none' }))).rejects.toMatchObject({
      name: 'NotFound',
    });
    expect(() => store.createBucket('../up')).toThrow('not valid');
  });

  it('deletes a list of objects, with one result each', async () => {
    await put(' a ');
    await put('b');
    const Objects = [{ Key: ' a ' }, { Key: 'none' }, { Key: 'k'.repeat(1025) }];

    const { Deleted, Errors } = await s3.send(new DeleteObjectsCommand({ Bucket: PLAIN, Delete: { Objects } }));

    expect(Deleted?.map(({ Key }) => Key)).toEqual([' a ', 'none']);
    expect(Errors?.map(({ Code }) => Code)).toEqual(['KeyTooLongError']);
    expect(store.list(PLAIN).objects.map(({ key }) => key)).toEqual(['b']);
  });
});

describe('multipart uploads', () => {
  const body = randomBytes(11 * MB);

  it('accepts a stream of unknown length', async () => {
    const upload = () => {
      const params = {
        Bucket: VERSIONED,
        Key: 'a',
        Body: Readable.from([body]),
        IfNoneMatch: '*',
        ContentType: 'a/b',
      };
      return new Upload({ client: s3, params }).done();
    };

    const { ETag } = await upload();
    await expect(upload()).rejects.toMatchObject({ name: 'PreconditionFailed' });

    const got = await s3.send(new GetObjectCommand({ Bucket: VERSIONED, Key: 'a', ChecksumMode: 'ENABLED' }));
    expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(body)).toBe(true);
    expect(got).toMatchObject({ ETag, ContentType: 'a/b', ChecksumType: 'COMPOSITE' });
    expect(ETag).toMatch(/-3"$/);
    expect(created.map(({ reason }) => reason)).toEqual(['CompleteMultipartUpload']);
  });

  it('computes the checksum of the whole object, and reads across parts', async () => {
    const object = { Bucket: PLAIN, Key: 'whole' };
    const { UploadId } = await s3.send(
      new CreateMultipartUploadCommand({
        ...object,
        ChecksumAlgorithm: 'CRC32',
        ChecksumType: 'FULL_OBJECT',
      }),
    );
    const part = (n: number) => uploadPart('whole', UploadId ?? '', n, body.subarray((n - 1) * 5 * MB, n * 5 * MB));
    const upload = {
      ...object,
      UploadId,
      MultipartUpload: { Parts: [await part(1), await part(2), await part(3)] },
    };

    const wrong = s3.send(new CompleteMultipartUploadCommand({ ...upload, ChecksumCRC32: 'AAAAAA==' }));
    await expect(wrong).rejects.toMatchObject({ name: 'BadDigest' });
    const { ChecksumCRC32 } = await s3.send(new CompleteMultipartUploadCommand(upload));

    expect(ChecksumCRC32).toBe(base64Crc32(body));
    const across = { first: 5 * MB - 2, last: 10 * MB + 2 };
    const { body: read } = store.get(PLAIN, 'whole', { range: across });
    expect((await buffer(read)).equals(body.subarray(across.first, across.last + 1))).toBe(true);
  });

  it('refuses parts that are out of order, unknown, or too small, and can still be completed afterwards', async () => {
    const UploadId = await createUpload('a');
    const [one, two] = [await uploadPart('a', UploadId, 1, 'small'), await uploadPart('a', UploadId, 2, 'last')];
    const complete = (Parts: object[]) =>
      s3.send(new CompleteMultipartUploadCommand({ Bucket: PLAIN, Key: 'a', UploadId, MultipartUpload: { Parts } }));

    await expect(complete([two, one])).rejects.toMatchObject({ name: 'InvalidPartOrder' });
    await expect(complete([{ ...one, ETag: two.ETag }])).rejects.toMatchObject({ name: 'InvalidPart' });
    await expect(complete([one, two])).rejects.toMatchObject({ name: 'EntityTooSmall' });
    await complete([two]);

    expect(await get('a')).toBe('last');
    await expect.poll(filesLeft).toHaveLength(1);
  });

  it('lists parts, copies into parts, and removes all of them when it is aborted', async () => {
    await put('source', '0123456789');
    const UploadId = await createUpload('a');
    const object = { Bucket: PLAIN, Key: 'a', UploadId };
    const copy = { ...object, PartNumber: 2, CopySource: `/${PLAIN}/source`, CopySourceRange: 'bytes=3-5' };
    await s3.send(new UploadPartCopyCommand(copy));
    await uploadPart('a', UploadId, 1, 'one');

    const { Parts } = await s3.send(new ListPartsCommand(object));
    await s3.send(new AbortMultipartUploadCommand(object));

    expect(Parts).toMatchObject([
      { PartNumber: 1, Size: 3 },
      { PartNumber: 2, Size: 3, ETag: `"${createHash('md5').update('345').digest('hex')}"` },
    ]);
    await expect(uploadPart('a', UploadId, 3, 'late')).rejects.toMatchObject({ name: 'NoSuchUpload' });
    await expect.poll(filesLeft).toHaveLength(1);
  });
});

describe('a restart', () => {
  it('restores everything that was confirmed, and continues the version numbers', async () => {
    const one = await put('a', 'one', VERSIONED);
    await put('a', 'two', VERSIONED);
    await s3.send(new DeleteObjectCommand({ Bucket: VERSIONED, Key: 'a' }));
    await put('b', 'b');
    await put('b', 'b2');
    await put('gone');
    await s3.send(new DeleteObjectCommand({ Bucket: PLAIN, Key: 'gone' }));
    const before = [store.listVersions(PLAIN), store.listVersions(VERSIONED), store.buckets()];

    openStore();
    openStore(); // again, with the shortened journal
    await put('after', 'after', VERSIONED);

    await s3.send(new DeleteObjectCommand({ Bucket: VERSIONED, Key: 'after', VersionId: created.at(-1)?.versionId }));
    expect([store.listVersions(PLAIN), store.listVersions(VERSIONED), store.buckets()]).toEqual(before);
    expect(await get('a', one.VersionId)).toBe('one');
    expect(await get('b')).toBe('b2');
    const sequencers = created.map(({ sequencer }) => sequencer);
    expect(sequencers).toEqual([...new Set(sequencers)].sort());
  });

  it('keeps confirmed objects after kill -9', async () => {
    const storeFile = join(import.meta.dirname, '../../../../local/aws/s3/store.ts');
    const writer = spawn(process.execPath, [
      '--input-type=module',
      '--eval',
      `import { createObjectStore } from ${JSON.stringify(storeFile)};
       const store = createObjectStore({ folder: ${JSON.stringify(join(folder, 'killed'))} });
       store.createBucket('bucket');
       for (let n = 0; ; n += 1) {
         await store.put('bucket', 'key-' + (n % 50), [Buffer.alloc(100_000, String(n))]);
         process.stdout.write(n + '\\n');
       }`,
    ]);
    let last = -1;
    for await (const line of createInterface(writer.stdout)) {
      last = Number(line);
      if (last === 120) writer.kill('SIGKILL');
    }

    const reopened = createObjectStore({ folder: join(folder, 'killed') });

    const { objects } = reopened.list('bucket');
    expect(objects).toHaveLength(50);
    for (const { key } of objects) {
      const { body } = reopened.get('bucket', key);
      const written = Array.from({ length: last + 2 }, (_, n) => n).filter((n) => `key-${n % 50}` === key);
      const [older = '', newest = ''] = written.slice(-2).map((n) => Buffer.alloc(100_000, String(n)).toString());
      // The object after the last confirmed one can exist or not, but must be complete.
      expect(written.at(-1) === last + 1 ? [older, newest] : [newest]).toContain(await text(body));
    }
    expect(readdirSync(join(folder, 'killed', 'blobs'))).toHaveLength(50);
  });

  it('reads a journal of an earlier version, which has no checksums', async () => {
    await put('a', 'one');
    const path = join(folder, `store-${folderCount}`, 'journal.jsonl');
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(/^[0-9a-f]{8} /gm, ''));

    openStore();

    expect(await get('a')).toBe('one');
  });

  it.each([
    ['is missing', /is missing/, () => undefined],
    ['is empty', /0 entries of/, () => ''],
    ['is cut in half', /its end is missing/, (text: string) => text.slice(0, text.length / 2)],
    ['has a damaged line', /line \d+ cannot be read/, (text: string) => text.replace(/"key":"a"/, '"key":"b"')],
  ])('refuses a journal that %s, and touches nothing', async (_, problem, change) => {
    await put('a', 'one');
    await put('c', 'two');
    const path = join(folder, `store-${folderCount}`, 'journal.jsonl');
    openStore();
    const changed = change(readFileSync(path, 'utf8'));
    if (changed === undefined) rmSync(path);
    else writeFileSync(path, changed);
    const before = readdirSync(join(folder, `store-${folderCount}`, 'blobs'));

    expect(() => openStore()).toThrow(problem);

    expect(readdirSync(join(folder, `store-${folderCount}`, 'blobs'))).toEqual(before);
  });

  it('removes the unfinished files of a killed process', async () => {
    await put('a', 'kept');
    await uploadPart('part', await createUpload('part'), 1, 'lost');
    appendFileSync(join(folder, `store-${folderCount}`, 'journal.jsonl'), '\n{"did":"put","bucket":"plain-b');

    openStore();

    await expect.poll(filesLeft).toHaveLength(1);
    expect(await get('a')).toBe('kept');
  });
});

describe('a request', () => {
  it('can use a presigned URL until it expires', async () => {
    const object = { Bucket: PLAIN, Key: 'a b' };
    const upload = await getSignedUrl(s3, new PutObjectCommand({ ...object, Metadata: { by: 'url' } }), {
      expiresIn: 60,
    });
    const download = await getSignedUrl(s3, new GetObjectCommand(object), { expiresIn: 60 });

    expect((await fetch(upload, { method: 'PUT', body: 'signed' })).status).toBe(200);
    expect(await (await fetch(download)).text()).toBe('signed');
    expect(store.head(PLAIN, 'a b').metadata).toEqual({ by: 'url' });

    const v2 = `/${PLAIN}/a%20b?AWSAccessKeyId=a&Signature=b&Expires=`;
    expect((await raw('GET', v2 + String(Math.floor(Date.now() / 1000) + 60))).status).toBe(200);
    expect((await raw('GET', `${v2}1`)).status).toBe(403);

    clock = () => Date.now() + 61_000;
    const late = await fetch(download);
    expect(late.status).toBe(403);
    expect(await late.text()).toContain('<Code>AccessDenied</Code><Message>Request has expired</Message>');
  });

  it('must come from this machine', async () => {
    const status = async (headers: Record<string, string>) => (await raw('GET', `/${PLAIN}`, { headers })).status;

    expect(await status({ host: 'evil.example' })).toBe(403);
    expect(await status({ host: `127.0.0.1.evil.example:${port}` })).toBe(403);
    expect(await status({ host: 'localhost:4566' })).toBe(200);
    expect(await status({ host: '[::1]:4566' })).toBe(200);
    expect(await status({ origin: 'https://evil.example' })).toBe(403);
    expect(await status({ origin: 'http://127.0.0.1:8080' })).toBe(200);
  });

  it('gets the name of an operation that is not implemented', async () => {
    const acl = s3.send(new GetBucketAclCommand({ Bucket: PLAIN }));
    await expect(acl).rejects.toMatchObject({ name: 'NotImplemented', $metadata: { httpStatusCode: 501 } });
    await expect(acl).rejects.toThrow('GetBucketAcl is not implemented');
    expect((await raw('DELETE', `/${PLAIN}?cors`)).body).toContain('DeleteBucketCors is not implemented');
  });

  it('is refused if it has invalid XML or percent-encoding', async () => {
    expect((await raw('POST', `/${PLAIN}?delete`, { body: '<Delete><Object>' })).body).toContain('MalformedXML');
    expect((await raw('GET', `/${PLAIN}/%ff`)).body).toContain('InvalidURI');
  });

  it('is answered on the same connection after a refused body, unread or partly read', async () => {
    const socket = connect(port, '127.0.0.1');
    let heard = '';
    socket.on('data', (bytes) => (heard += bytes.toString('latin1')));
    const send = (line: string, header: string, size: number) =>
      socket.write(
        `${line} HTTP/1.1\r\nHost: 127.0.0.1\r\n${header}\r\nContent-Length: ${size}\r\n\r\n${'x'.repeat(size)}`,
      );

    send('PUT /none/a', 'Expect: 100-continue', 300_000);
    send(`PUT /${PLAIN}/a`, 'Content-Encoding: aws-chunked', 300_000);
    send(`POST /${PLAIN}?delete`, 'Content-Type: application/xml', 17 * MB);
    send(`PUT /${PLAIN}/a`, 'Expect: 100-continue', 300_000);
    await expect.poll(() => heard.match(/HTTP\/1.1 \d+/g), { timeout: 5000 }).toHaveLength(6);
    socket.destroy();

    expect(heard.match(/(?<=HTTP\/1.1 )\d+/g)).toEqual(['100', '404', '400', '400', '100', '200']);
    expect(store.head(PLAIN, 'a').size).toBe(300_000);
  });
});
