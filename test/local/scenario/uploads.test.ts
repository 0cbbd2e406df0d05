import { describe, expect, it } from 'vitest';
import { AUTHORIZATION, smallPng, virtualStandIn } from './virtual-stand-in.ts';
import { wordsFirst } from '../../words-first.ts';

interface UploadBody {
  readonly id: string;
  readonly status: string;
  readonly jobId: string;
  readonly entityId?: string | null;
  readonly errorMessage?: string;
  readonly parts: { readonly number: number; readonly url: string; readonly expires: string }[];
}

async function withUpload(fileSize: number, parts = 1, options: Parameters<typeof virtualStandIn>[0] = {}) {
  const standIn = await virtualStandIn(options);
  const { status, body } = await standIn.call('POST', '/v1/uploads', {
    fileName: 'chair.png',
    contentType: 'image/png',
    fileSize,
    kind: 'image',
    parts,
  });
  expect(status).toBe(200);
  const upload = body['upload'] as UploadBody;
  return {
    standIn,
    upload,
    put: (number: number, bytes: Uint8Array, headers: Record<string, string> = {}) =>
      standIn.call('PUT', upload.parts[number - 1]?.url ?? '', bytes, headers),
    complete: async () => {
      const answer = await standIn.call('POST', `/v1/uploads/${upload.id}/action`, { action: 'complete' });
      return answer.body['upload'] as UploadBody;
    },
    now: async () => {
      return (await standIn.call('GET', `/v1/uploads/${upload.id}`)).body['upload'] as UploadBody;
    },
  };
}

/** Creates a PNG with bytes after its end, which readers ignore. */
async function pngOf(bytes: number): Promise<Buffer> {
  const png = await smallPng();
  return Buffer.concat([png, Buffer.alloc(bytes - png.byteLength)]);
}

describe('a multipart upload', () => {
  it('becomes an asset some seconds after its completion, and a job can then use it', async () => {
    const png = await pngOf(6_000_000);
    const { standIn, upload, put, complete, now } = await withUpload(png.byteLength, 2);

    await put(1, png.subarray(0, 5_500_000));
    await put(2, png.subarray(5_500_000));
    const validating = await complete();
    standIn.pass(2);
    const imported = await now();

    expect(validating.status).toBe('validating');
    expect(validating).not.toHaveProperty('entityId');
    expect(imported.status).toBe('imported');
    const job = await standIn.job(upload.jobId);
    expect(job).toMatchObject({ status: 'success', metadata: { output: { entityId: imported.entityId } } });
    expect((await standIn.asset(imported.entityId ?? '')).properties.size).toBe(6_000_000);
    expect((await standIn.submit({ image: imported.entityId })).status).toBe(200);
  });

  it('creates one asset even if it is completed more than once', async () => {
    const png = await smallPng();
    const { standIn, put, complete } = await withUpload(png.byteLength);
    await put(1, png);

    await complete();
    standIn.pass(5);
    const again = await complete();
    const third = await complete();

    expect(again.status).toBe('imported');
    expect(third.entityId).toBe(again.entityId);
  });

  it.each([
    ['a part is missing', 2, [6_000_000], 6_000_000, '1 of 2 parts are missing'],
    ['an early part is small', 2, [1_000_000, 5_000_000], 6_000_000, 'EntityTooSmall'],
    ['the size is not the announced one', 1, [5000], 6000, 'the file has 5000 bytes'],
  ])('fails when %s', async (_case, parts, sizes, fileSize, message) => {
    const { standIn, put, complete, now } = await withUpload(fileSize, parts);
    for (const [i, size] of sizes.entries()) await put(i + 1, await pngOf(size));
    await complete();
    standIn.pass(5);

    const upload = await now();

    expect(upload).toMatchObject({ status: 'failed', entityId: null });
    expect(upload.errorMessage).toContain(message);
  });

  it('fails for a file that is not an image', async () => {
    const { standIn, put, complete, now } = await withUpload(5);
    await put(1, Buffer.from('hello'));
    await complete();
    standIn.pass(5);

    expect((await now()).errorMessage).toBe('Unhandled image format');
  });

  it('can stay in validating forever, or fail with a message', async () => {
    const stuck = await withUpload(5, 1, { faults: [{ on: 'completeUpload', what: 'upload-stuck' }] });
    await stuck.complete();
    stuck.standIn.pass(100_000);
    expect((await stuck.now()).status).toBe('validating');

    const failing = await withUpload(5, 1, {
      faults: [{ on: 'completeUpload', what: 'upload-fails', errorMessage: 'no luck' }],
    });
    await failing.complete();
    failing.standIn.pass(10);
    expect(await failing.now()).toMatchObject({ status: 'failed', errorMessage: 'no luck' });
  });

  it('accepts its parts by the rules of S3', async () => {
    const { standIn, upload, put } = await withUpload(5);
    const url = upload.parts[0]?.url ?? '';
    const bytes = Buffer.from('hello');

    const checksum = await put(1, bytes, { 'x-amz-checksum-crc32': 'abc=' });
    const leaking = await put(1, bytes, { authorization: AUTHORIZATION });
    const chunked = await put(1, bytes, { 'transfer-encoding': 'chunked' });
    const altered = await standIn.call('PUT', url.replace('Signature=', 'Signature=0'), bytes, {});
    const typed = await put(1, bytes, { 'content-type': 'image/png' });
    standIn.pass(3600);
    const late = await put(1, bytes);

    expect([checksum.status, checksum.bytes.toString()]).toEqual([403, expect.stringContaining('HeadersNotSigned')]);
    expect([leaking.status, chunked.status, altered.status]).toEqual([400, 501, 403]);
    expect(typed.status).toBe(200);
    expect([late.status, late.bytes.toString()]).toEqual([403, expect.stringContaining('expired')]);
    expect(standIn.ledger().leakedCredentials).toBe(1);
  });

  it.each(
    wordsFirst<[object]>([
      [{ kind: 'picture' }, '"kind" must be one of'],
      [{ parts: 0 }, '"parts" must be greater than or equal to 1'],
      [{ fileSize: '5' }, '"fileSize" must be a number'],
      [{ size: 5 }, '"size" is not allowed'],
      [{ url: 'https://example.com/a.png' }, 'does not support uploads from a URL'],
    ]),
  )('is refused: %s', async (reason, change) => {
    const standIn = await virtualStandIn();
    const good = { fileName: 'a', contentType: 'image/png', fileSize: 5, kind: 'image', parts: 1 };

    const { status, body } = await standIn.call('POST', '/v1/uploads', { ...good, ...change });

    expect(status).toBe(400);
    expect(body['reason']).toContain(reason);
  });

  it('is listed among the jobs, at no cost', async () => {
    const png = await smallPng();
    const { standIn } = await withUpload(png.byteLength);
    await standIn.submit({ image: await standIn.image() });

    const { body } = await standIn.call('GET', '/v1/jobs');

    expect((body['jobs'] as { jobType: string }[]).map((job) => job.jobType)).toEqual(['custom', 'upload']);
    expect(standIn.ledger().jobs).toHaveLength(1);
  });
});
