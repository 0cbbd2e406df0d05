import { describe, expect, it } from 'vitest';
import { AUTHORIZATION, jobIn, virtualStandIn } from './virtual-stand-in.ts';

type Options = Parameters<typeof virtualStandIn>[0];

async function withModel(options: Options = {}, inputs: Record<string, unknown> = {}) {
  const standIn = await virtualStandIn(options);
  const { jobId } = jobIn(await standIn.submit({ image: await standIn.image(), ...inputs }));
  standIn.pass(10);
  const { assetIds } = (await standIn.job(jobId)).metadata;
  const model = await standIn.asset(assetIds.at(-1) ?? '');
  const get = (url: string, headers: Record<string, string> = {}) => standIn.call('GET', url, undefined, headers);
  return { standIn, assetIds, model, get };
}

describe('the assets of a job', () => {
  it('are one GLB with the reported file size, a preview, and a thumbnail', async () => {
    const { model, get } = await withModel();

    const file = await get(model.url);
    const preview = await get(model.preview.url);
    const thumbnail = await get(model.thumbnail.url);

    expect(model).toMatchObject({ kind: '3d', mimeType: 'model/gltf-binary', status: 'success' });
    expect(file.bytes.toString('latin1', 0, 4)).toBe('glTF');
    expect(file.bytes.byteLength).toBe(model.properties.size);
    expect(file.headers['content-length']).toBe(`${model.properties.size}`);
    expect(preview.bytes.toString('latin1', 8, 12)).toBe('WEBP');
    expect(thumbnail.headers['content-type']).toBe('image/jpeg');
    expect(thumbnail.bytes.toString('hex', 0, 2)).toBe('ffd8');
  });

  it('are an FBX with quads', async () => {
    const { model, get } = await withModel({}, { quad: true });

    const { bytes } = await get(model.url);

    expect(bytes.toString('latin1', 0, 23)).toBe('Kaydara FBX Binary  \x00\x1a\x00');
    expect(model).toHaveProperty('originalFileUrl');
  });

  it('can begin with an image and have a generic MIME type', async () => {
    const { standIn, assetIds, model, get } = await withModel({
      extraWebpFirst: true,
      resultContentType: 'octet-stream',
    });

    expect(assetIds).toHaveLength(2);
    expect((await standIn.asset(assetIds[0] ?? '')).mimeType).toBe('image/webp');
    expect((await get(model.url)).headers['content-type']).toBe('application/octet-stream');
  });

  it('do not exist before the job has ended', async () => {
    const { standIn, assetIds } = await withModel();
    const id = assetIds[0] ?? '';

    standIn.pass(-5);

    expect((await standIn.call('GET', `/v1/assets/${id}`)).status).toBe(404);
  });

  it('can be read in bulk, up to 200 at once, and deleted', async () => {
    const { standIn, assetIds } = await withModel();
    const many = Array.from({ length: 201 }, () => assetIds[0]);

    const bulk = await standIn.call('POST', '/v1/assets/get-bulk', { assetIds });
    const tooMany = await standIn.call('POST', '/v1/assets/get-bulk', { assetIds: many });
    const deleted = await standIn.call('DELETE', '/v1/assets', { assetIds });
    const again = await standIn.call('DELETE', '/v1/assets', { assetIds });

    expect(bulk.body['assets']).toHaveLength(1);
    expect(tooMany.status).toBe(400);
    expect([deleted.status, deleted.body]).toEqual([200, {}]);
    expect(again.status).toBe(404);
  });

  it('return another URL on request, but convert nothing', async () => {
    const { standIn, model, get } = await withModel();
    const ask = (body: unknown) => standIn.call('POST', `/v1/assets/${model.id}/download`, body);

    const plain = await ask({});
    const obj = await ask({ targetFormat: 'obj' });

    expect((await get(String(plain.body['url']))).status).toBe(200);
    expect([obj.status, obj.body['reason']]).toEqual([400, 'Invalid target format']);
  });
});

describe('a signed URL', () => {
  it('can have its parameters reordered, but not changed', async () => {
    const { model, get } = await withModel();
    const [path, query = ''] = model.url.split('?');
    const reordered = `${path}?${query.split('&').toReversed().join('&')}`;

    expect((await get(reordered)).status).toBe(200);
    expect((await get(model.url.replace('Signature=', 'Signature=A'))).status).toBe(403);
    expect((await get(model.url.replace('Policy=eyJ', 'Policy=eyI'))).status).toBe(403);
    expect((await get(model.url.replace('Key-Pair-Id=K', 'Key-Pair-Id=L'))).status).toBe(403);
    expect((await get(model.url.replace('.glb', '.fbx'))).status).toBe(403);
    expect((await get(path ?? '')).status).toBe(403);
  });

  it('expires', async () => {
    const { standIn, model, get } = await withModel({ signedUrlSeconds: 60 });

    standIn.pass(59);
    expect((await get(model.url)).status).toBe(200);
    standIn.pass(1);
    const late = await get(model.url);

    expect([late.status, late.bytes.toString()]).toEqual([403, expect.stringContaining('AccessDenied')]);
  });

  it('refuses requests with the API credentials, and the ledger counts them', async () => {
    const { standIn, model, get } = await withModel();

    const answer = await get(model.url, { authorization: AUTHORIZATION });

    expect(answer.status).toBe(400);
    expect(standIn.ledger().leakedCredentials).toBe(1);
  });

  it('redirects to another path if the option is set', async () => {
    const { model, get } = await withModel({ redirectDownloads: true });

    const first = await get(model.url);
    const second = await get(first.headers['location'] ?? '');

    expect([first.status, second.status]).toEqual([302, 200]);
  });
});

describe('a range', () => {
  it.each([
    ['bytes=0-3', 206, 0, 4],
    ['bytes=4-', 206, 4, undefined],
    ['bytes=-8', 206, -8, undefined],
    ['bytes=2-99999999', 206, 2, undefined],
    ['lines=1-2', 200, 0, undefined],
  ])('%s of the file is %i', async (range, status, from, to) => {
    const { model, get } = await withModel();
    const whole = (await get(model.url)).bytes;

    const answer = await get(model.url, { range });

    expect(answer.status).toBe(status);
    expect(answer.bytes.equals(whole.subarray(from, to))).toBe(true);
    expect(answer.headers['content-length']).toBe(`${answer.bytes.byteLength}`);
  });

  it('beyond the end is 416, and of another version the whole file', async () => {
    const { model, get } = await withModel();

    const beyond = await get(model.url, { range: 'bytes=99999999-' });
    const other = await get(model.url, { range: 'bytes=0-3', 'if-range': '"other"' });

    expect([beyond.status, beyond.headers['content-range']]).toEqual([416, `bytes */${model.properties.size}`]);
    expect([other.status, other.bytes.byteLength]).toEqual([200, model.properties.size]);
  });

  it('can include both stored and padding bytes', async () => {
    const { model, get } = await withModel({ gltfPadBytes: 200_000 });
    const whole = (await get(model.url)).bytes;
    const border = whole.byteLength - 200_000;

    const answer = await get(model.url, { range: `bytes=${border - 10}-${border + 70_000}` });

    expect(whole.byteLength).toBe(model.properties.size);
    expect(whole.readUInt32LE(8)).toBe(whole.byteLength);
    expect(answer.bytes.equals(whole.subarray(border - 10, border + 70_001))).toBe(true);
  });
});

describe('a thumbnail', () => {
  it('of an unknown asset is 502', async () => {
    const standIn = await virtualStandIn();

    expect((await standIn.call('GET', '/cdn/thumbnails/asset_x', undefined, {})).status).toBe(502);
  });
});
