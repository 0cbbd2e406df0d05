import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it, onTestFinished } from 'vitest';
import { withoutDetails } from '../../../functions/contract/asset.ts';
import type { Parameters } from '../../../functions/contract/schemas.ts';
import { tripo31 } from '../../../functions/models/tripo-3-1.ts';
import { createScenario } from '../../../functions/scenario/client.ts';
import type { StandInOptionsInput } from '../../../local/scenario/moods/options.ts';
import { startStandIn } from '../../../local/scenario/server.ts';
import { credentialsOf } from '../credentials.ts';
import { png, webp } from '../images.ts';
import { defaultParameters, failedRecord, storedRecord, submittedRecord } from '../records.ts';
import { ASSETS } from '../s3-endpoint.ts';
import { openServer, type Said } from '../scripted-server.ts';
import { virtualTime } from '../virtual-time.ts';
import { glb, glbOf } from './glb.ts';
import { FOLDER, ok, openStore, runId, withFiles } from './storing.ts';

/** A job of the stand-in that is done, and its record. */
async function withStandIn(options: StandInOptionsInput = {}, parameters: Parameters = defaultParameters) {
  const clock = virtualTime();
  const standIn = await startStandIn({
    apiKey: 'key',
    apiSecret: 'secret',
    now: clock.now,
    options: { requestsPerWindow: 100_000, resultModel: 'triangle', jobSeconds: 100, ...options },
  });
  onTestFinished(() => standIn.close());
  const scenario = createScenario({
    url: standIn.url,
    credentials: credentialsOf('secret'),
    fetch,
    clock,
  });
  const assetId = await scenario.uploadImage({
    bytes: await png(),
    name: 'oak.png',
    contentType: 'image/png',
  });
  const jobId = await scenario.generate({
    modelId: tripo31.id,
    assetId,
    inputs: { ...parameters, image: assetId },
  });
  clock.pass(100);
  const world = await openStore(standIn.url, { jobId });
  await world.begin({ ...submittedRecord(), jobId });
  return { ...world, standIn };
}

/** A bus that cannot be reached. */
function brokenBus(): EventBridgeClient {
  const events = new EventBridgeClient({ region: 'us-east-1' });
  mockClient(events).on(PutEventsCommand).rejects(new Error('the bus is away'));
  return events;
}

describe('a job that succeeded', () => {
  it('becomes a model, a preview, a manifest that describes them exactly, and one event', async () => {
    const { store, s3, events, manifest, counts, files, standIn } = await withStandIn();

    expect(await store()).toEqual({ status: 'stored', assets: 2 });

    const { assets, job, status } = await manifest();
    expect(files()).toEqual(['oak.glb', 'oak.preview.webp']);
    expect(assets.map(({ role, contentType }) => [role, contentType])).toEqual([
      ['model', 'model/gltf-binary'],
      ['preview', 'image/webp'],
    ]);
    for (const { key, versionId, bytes, sha256 } of assets) {
      const stored = await s3.bytes(key, versionId);
      expect(stored.length).toBe(bytes);
      expect(createHash('sha256').update(stored).digest('hex')).toBe(sha256);
    }
    expect(status).toBe('stored');
    expect(job).toMatchObject({ cu: 37.5, finishedAt: '2026-10-05T10:01:40.000Z' });
    expect(events).toMatchObject([
      { detailType: 'Model Stored', detail: { data: { assets: assets.map(withoutDetails) } } },
    ]);
    expect(counts).toContainEqual(['Stored', 1]);
    expect(standIn.ledger().leakedCredentials).toBe(0);
  });

  it('that is stored already is only announced again', async () => {
    const { store, events, s3, standIn } = await withStandIn();
    await store();
    const requests = standIn.ledger().requests;

    expect(await store()).toEqual({ status: 'stored', assets: 2 });

    expect(standIn.ledger().requests).toEqual(requests);
    expect(events[1]).toEqual(events[0]);
    expect(await s3.versionCount(`${FOLDER}oak.glb`)).toBe(1);
  });

  it('that was interrupted before its event gives the same keys again', async () => {
    const { store, files, manifest, events } = await withStandIn();
    await expect(store({ clients: { events: brokenBus() } })).rejects.toThrow('the bus is away');
    expect(events).toEqual([]);

    await store();

    expect(files()).toEqual(['oak.glb', 'oak.preview.webp']);
    expect((await manifest()).status).toBe('stored');
    expect(events).toMatchObject([{ detailType: 'Model Stored' }]);
  });

  it('with quads gives an FBX', async () => {
    const { store, files } = await withStandIn({}, { ...defaultParameters, quad: true });

    await store();

    expect(files()).toContain('oak.fbx');
  });

  it.each([
    ['recognized by its bytes if its content type says nothing', { resultContentType: 'octet-stream' }],
    ['found where a redirect leads', { redirectDownloads: true }],
  ] as const)('is %s', async (_, options) => {
    const { store, manifest } = await withStandIn(options);

    await store();

    expect((await manifest()).assets[0]).toMatchObject({ role: 'model', contentType: 'model/gltf-binary' });
  });

  it('may list a picture first', async () => {
    const { store, manifest } = await withStandIn({ extraWebpFirst: true });

    await store();

    const roles = (await manifest()).assets.map(({ role }) => role);
    expect(roles).toEqual(['other', 'model', 'preview']);
  });

  it('that gives a model of many parts copies it whole', async () => {
    const { store, manifest, s3 } = await withStandIn({ gltfPadBytes: 11_000_000 });

    await store();

    const [model] = (await manifest()).assets;
    expect(model?.bytes).toBeGreaterThan(11_000_000);
    expect(
      createHash('sha256')
        .update(await s3.bytes(model?.key ?? ''))
        .digest('hex'),
    ).toBe(model?.sha256);
  });
});

describe('several files', () => {
  it('of one kind get numbers, in the order of the job, and each a role', async () => {
    const { store, files, manifest } = await withFiles([
      { id: 'asset_1', said: ok(glb([8])) },
      { id: 'asset_2', said: ok(glb([16])), asset: { preview: { assetId: 'asset_preview' } } },
      { id: 'asset_3', said: ok(await png()), asset: { source: '3d:texture:albedo' } },
      { id: 'asset_preview', said: ok(await webp()) },
    ]);

    await store();

    expect(files()).toEqual(['oak-2.glb', 'oak.glb', 'oak.png', 'oak.preview.webp']);
    expect((await manifest()).assets.map(({ role, assetId }) => [role, assetId])).toEqual([
      ['model', 'asset_1'],
      ['model', 'asset_2'],
      ['texture', 'asset_3'],
      ['preview', 'asset_preview'],
    ]);
  });

  it('are stored without a preview that cannot be copied, and the manifest says so', async () => {
    const { store, files, manifest, time } = await withFiles([
      { id: 'asset_1', said: ok(glb()), asset: { preview: { assetId: 'asset_preview' } } },
      { id: 'asset_preview', said: { status: 502 } },
    ]);

    await store();

    expect(files()).toEqual(['oak.glb']);
    expect((await manifest()).missing).toEqual([
      { assetId: 'asset_preview', reason: expect.stringContaining('answered 502') as string },
    ]);
    expect(time.slept).toEqual([1_000, 10_000, 40_000]);
  });
});

describe('a job that gives no model', () => {
  it('fails the execution and leaves its files in the record, for the report to conclude', async () => {
    const { store, submitted, hasManifest, events, files } = await withFiles([
      { id: 'asset_1', said: ok(await webp()) },
    ]);

    await expect(store()).rejects.toMatchObject({
      name: 'no-model',
      message: 'Scenario finished the job without a usable 3D model (1 file)',
    });

    expect(files()).toEqual(['oak.webp']);
    const { assets, missing } = await submitted();
    expect(assets).toMatchObject([{ role: 'other', key: `${FOLDER}oak.webp`, assetId: 'asset_1' }]);
    expect(missing).toBeUndefined();
    expect(hasManifest()).toBe(false);
    expect(events).toEqual([]);
  });

  it('because it gives nothing fails the execution, too', async () => {
    const { store, submitted, hasManifest, events } = await withFiles([]);

    // The machine waits ten minutes altogether before the last of these.
    for (let looks = 1; looks <= 13; looks += 1) {
      await expect(store()).rejects.toMatchObject({ name: 'AssetNotReadyError' });
      expect(await submitted()).toMatchObject({ looksForModel: looks });
    }
    await expect(store()).rejects.toMatchObject({
      name: 'no-model',
      message: expect.stringContaining('(0 files)') as string,
    });

    expect(await submitted()).toMatchObject({ assets: [] });
    expect(hasManifest()).toBe(false);
    expect(events).toEqual([]);
  });

  it('names the files that cannot be used', async () => {
    const { store } = await withFiles([], { job: { metadata: { assetIds: ['../x', { id: 5 }] } } });

    for (let looks = 1; looks <= 13; looks += 1) await expect(store()).rejects.toThrow(/names no 3D file yet/);
    await expect(store()).rejects.toThrow(/these cannot be used: "\.\.\/x", 5/);
  });

  it('because it gives more than 500 files fails the execution without copying any', async () => {
    const assetIds = Array.from({ length: 501 }, (_, n) => `asset_${n}`);
    const { store, submitted, files, server } = await withFiles([], { job: { metadata: { assetIds } } });

    await expect(store()).rejects.toMatchObject({
      name: 'too-many-assets',
      message: 'the job gave 501 files; at most 500 are taken',
    });

    expect(await submitted()).toMatchObject({ assets: [] });
    expect(files()).toEqual([]);
    expect(server.requests).toHaveLength(1);
  });

  it('leaves the record of a run that was concluded before as it is', async () => {
    const { store, record, events, records } = await withFiles([]);
    const standing = await records.read(runId);
    if (!standing) throw new Error('there is no record');
    const { finishedAt, failure } = failedRecord();
    await records.end(standing, { ...submittedRecord(), phase: 'failed', finishedAt, failure });
    const before = await record();

    await expect(store()).rejects.toMatchObject({ name: 'no-model' });

    expect(await record()).toEqual(before);
    expect(events).toEqual([]);
  });

  it('keeps its files again when the execution is redriven', async () => {
    const { store, submitted, files } = await withFiles([{ id: 'asset_1', said: ok(await webp()) }]);
    await expect(store()).rejects.toMatchObject({ name: 'no-model' });

    await expect(store()).rejects.toMatchObject({ name: 'no-model' });

    expect((await submitted()).assets).toHaveLength(1);
    expect(files()).toEqual(['oak.webp']);
  });
});

describe('a job that is not ready', () => {
  it.each([
    ['it is still running', [], { status: 'in-progress' }],
    ['a file is still being made', [{ id: 'asset_1', said: ok(''), asset: { status: 'pending' } }], {}],
    ['Scenario does not know a file yet', [], { metadata: { assetIds: ['asset_new'] } }],
  ])('is worth a retry because %s', async (_, files, job) => {
    const { store, submitted, events } = await withFiles(files, { job });

    await expect(store()).rejects.toMatchObject({ name: 'AssetNotReadyError' });
    expect(await submitted()).not.toHaveProperty('assets');
    expect(events).toEqual([]);
  });
});

describe('a broken download', () => {
  const whole = glb([8, 64]);
  it.each<[string, Said, Record<string, unknown>]>([
    ['cut short', { status: 200, headers: { 'content-length': '9999' }, body: whole, cutAfter: true }, {}],
    ['empty', ok(''), {}],
    ['refused', { status: 403, body: '<Error/>' }, {}],
    ['reset', 'cut', {}],
    ['broken according to Scenario', ok(whole), { status: 'error' }],
    ['redirected to nowhere', { status: 302, headers: { location: 'http://' } }, {}],
    ['without an address', ok(whole), { url: 'none' }],
  ])('that is %s is worth a retry and leaves no object', async (_, said, asset) => {
    const { store, files, submitted, events } = await withFiles([{ id: 'asset_1', said, asset }]);

    await expect(store()).rejects.toMatchObject({ name: 'DownloadBrokenError' });

    expect(files()).toEqual([]);
    expect(await submitted()).not.toHaveProperty('assets');
    expect(events).toEqual([]);
  });

  it('of many parts leaves no object either', async () => {
    const large = glb([8, 11_000_000]);
    const said: Said = { status: 200, headers: { 'content-length': '99999999' }, body: large, cutAfter: true };
    const { store, files } = await withFiles([{ id: 'asset_1', said }]);

    await expect(store()).rejects.toMatchObject({ name: 'DownloadBrokenError' });

    expect(files()).toEqual([]);
  });

  it('of the stand-in succeeds at a later try with a fresh URL', async () => {
    const { store, files, events } = await withStandIn({
      faults: [
        { on: 'cdn', what: 'truncated' },
        { on: 'cdn', what: 'expired' },
        { on: 'cdn', what: 'wrong-bytes' },
      ],
    });
    await store();

    expect(files()).toEqual(['oak.glb', 'oak.preview.webp']);
    expect(events).toHaveLength(1);
  });
});

describe('a file with something odd about it', () => {
  const whole = glb([8, 64]);
  const size = (bytes: number) => ({ properties: { size: bytes } });
  const longChunk = Buffer.from(whole);
  longChunk.writeUInt32LE(longChunk.readUInt32LE(28) + 4, 28);

  it.each<[string, Buffer | string, Record<string, unknown>, string, number]>([
    ['a size that Scenario does not state', whole, size(whole.length + 1), 'wrong-size', 1],
    ['zeros behind its end', Buffer.concat([whole, Buffer.alloc(4)]), {}, 'trailing-bytes', 1],
    ['a line end behind it', Buffer.concat([whole, Buffer.from('\n')]), {}, 'trailing-bytes', 1],
    ['a chunk that is longer than the file', longChunk, {}, 'wrong-chunks', 2],
    ['text of another size', 'v 0 0 0\n', size(9), 'wrong-size', 2],
    ['an unknown format', Buffer.from([1, 2, 3, 0, 255]), { kind: '3d' }, 'unknown-format', 1],
    ['no footer', 'Kaydara FBX Binary  \0\x1a\0....', {}, 'perhaps-cut', 2],
  ])('%#: is the model, and the manifest says so: %s', async (_, body, asset, code, downloads) => {
    const { store, manifest, downloaded } = await withFiles([{ id: 'asset_1', said: ok(body), asset }]);

    await store();

    expect((await manifest()).assets).toMatchObject([{ role: 'model', problems: [{ code }] }]);
    expect(downloaded()).toBe(downloads);
  });

  it.each<[string, Buffer | string, string]>([
    ['a GLB without its end', whole.subarray(0, -4), 'ends-early'],
    ['an error page', '<!doctype html>Maintenance', 'page'],
    ['an error in JSON', '{"message":"no"}', 'page'],
    ['half an archive', `PK\x03\x04${'.'.repeat(40)}`, 'ends-early'],
  ])('%s is kept if it arrives twice, but is not a model, and is not fetched again', async (_, body, code) => {
    const { store, submitted, events, downloaded } = await withFiles([{ id: 'asset_1', said: ok(body) }]);

    await expect(store()).rejects.toMatchObject({ name: 'download-broken' });

    expect(await submitted()).toMatchObject({ assets: [{ role: 'other', problems: [{ code }] }] });
    expect(events).toEqual([]);
    expect(downloaded()).toBe(2);
  });

  it('has another address, which is tried if the first one fails', async () => {
    const { store, files } = await withFiles([
      { id: 'asset_1', said: ok(whole), asset: { originalFileUrl: 'https://gone.scenario.com/a.glb' } },
    ]);

    await store();

    expect(files()).toEqual(['oak.glb']);
  });
});

it('a file that is cut off keeps its name at the next try', async () => {
  const { store, files } = await withStandIn({
    gltfPadBytes: 1_000_000,
    faults: [{ on: 'cdn', what: 'truncated' }],
  });

  await store();

  expect(files()).toEqual(['oak.glb', 'oak.preview.webp']);
});

describe('a host', () => {
  it('that is foreign is never asked, not even after a redirect', async () => {
    const foreign = await openServer(() => ok(glb()));
    const direct = await withFiles([{ id: 'asset_1', said: ok(''), asset: { url: `${foreign.origin}/a.glb` } }]);
    const moved = await withFiles([
      { id: 'asset_1', said: { status: 302, headers: { location: `${foreign.origin}/a.glb` } } },
    ]);

    for (const { store } of [direct, moved]) await expect(store()).rejects.toThrow(/foreign host/);

    expect(foreign.requests).toEqual([]);
  });

  it.each([
    ['https://cdn.cloud.scenario.com/a.glb', 'looked up'],
    ['https://cdn.scenario.com/a.glb', 'looked up'],
    ['http://cdn.scenario.com/a.glb', 'refused'],
    ['https://scenario.com.evil.example/a.glb', 'refused'],
    ['https://evilscenario.com/a.glb', 'refused'],
    ['https://cdn.scenario.com:8443/a.glb', 'refused'],
    ['https://cdn.scenario.com@evil.example/a.glb', 'refused'],
    ['file:///etc/passwd', 'refused'],
  ])('of %s is %s', async (url, treatment) => {
    const asked: string[] = [];
    const lookup = async (hostname: string) => {
      asked.push(hostname);
      throw new Error('no network in tests');
    };
    const { store } = await withFiles([{ id: 'asset_1', said: ok(''), asset: { url } }], {
      clients: { lookup },
    });

    await expect(store()).rejects.toMatchObject({ name: 'DownloadBrokenError' });

    expect(new Set(asked)).toEqual(new Set(treatment === 'looked up' ? [new URL(url).hostname] : []));
  });

  it.each([
    ['127.0.0.1', 4],
    ['10.1.2.3', 4],
    ['169.254.169.254', 4],
    ['172.31.0.1', 4],
    ['192.168.0.1', 4],
    ['100.64.0.1', 4],
    ['0.0.0.0', 4],
    ['::1', 6],
    ['fe80::1', 6],
    ['fd00::1', 6],
    ['::ffff:10.0.0.1', 6],
    ['64:ff9b::a00:1', 6],
    ['198.18.0.1', 4],
    ['192.0.2.1', 4],
    ['224.0.0.1', 4],
    ['2002:a00:1::1', 6],
    ['2001:db8::1', 6],
  ])('whose allowed name resolves to %s is never connected to', async (address, family) => {
    const lookup = async () => [
      { address: '54.230.1.1', family: 4 },
      { address, family },
    ];
    const file = { id: 'asset_1', said: ok(''), asset: { url: 'https://cdn.cloud.scenario.com/a.glb' } };
    const { store } = await withFiles([file], { clients: { lookup } });

    await expect(store()).rejects.toMatchObject({
      name: 'DownloadBrokenError',
      message: expect.stringContaining('private address') as string,
    });
  });

  it('gets no credentials', async () => {
    const { store, server } = await withFiles([{ id: 'asset_1', said: ok(glb()) }]);

    await store();

    const download = server.requests.find(({ url }) => url.startsWith('/files/'));
    expect(download?.url).toBe('/files/asset_1?Signature=s');
    expect(download?.headers).not.toHaveProperty('authorization');
  });

  it('that redirects forever is given up', async () => {
    const { store, server } = await withFiles([
      { id: 'asset_1', said: { status: 302, headers: { location: '/files/asset_1' } } },
    ]);

    await expect(store()).rejects.toMatchObject({ name: 'DownloadBrokenError' });
    expect(server.requests.length).toBeLessThan(4 * 8);
  });
});

describe('a file', () => {
  it('carries its content type, its run and its checksum in S3', async () => {
    const { store, s3, manifest } = await withFiles([{ id: 'asset_1', said: ok(glb([8, 6_000_000])) }]);

    await store();

    const [model] = (await manifest()).assets;
    const named = { Bucket: ASSETS, Key: model?.key };
    expect(await s3.s3.send(new HeadObjectCommand({ ...named, ChecksumMode: 'ENABLED' }))).toMatchObject({
      ContentType: 'model/gltf-binary',
      ContentDisposition: `attachment; filename="oak.glb"; filename*=UTF-8''oak.glb`,
      Metadata: { runid: runId, assetid: 'asset_1' },
      ChecksumCRC32: model?.checksum?.value,
      ChecksumType: 'FULL_OBJECT',
      VersionId: model?.versionId,
    });
    expect(model?.checksum?.value).toMatch(/^.{6}==$/);
  });

  it('that is a GLB is described and validated in the manifest, not in the event', async () => {
    const document = { asset: { version: '2.0', generator: 'Tripo' }, nodes: 'none' };
    const { store, manifest, events } = await withFiles([{ id: 'asset_1', said: ok(glbOf(document)) }]);

    await store();

    const [model] = (await manifest()).assets;
    expect(model).toMatchObject({
      role: 'model',
      facts: { generator: 'Tripo', triangles: 0, textures: [] },
      validation: { errors: 1, messages: [expect.stringMatching(/^TYPE_MISMATCH \/nodes: /) as string] },
    });
    expect(JSON.stringify(events)).not.toContain('TYPE_MISMATCH');
  });

  it('that is a GLB with errors does not count as a model if errors fail, and is kept', async () => {
    const file = { id: 'asset_1', said: ok(glbOf({ asset: { version: '2.0' }, nodes: 'none' })) };
    const { store, submitted, files } = await withFiles([file], { env: { GLB_ERRORS: 'fail' } });

    await expect(store()).rejects.toMatchObject({ name: 'no-model' });

    expect(files()).toEqual(['oak.glb']);
    expect((await submitted()).assets).toMatchObject([{ role: 'other', validation: { errors: 1 } }]);
  });

  it.each([
    ['its header says so', ok(glb([8, 2_000_000])), {}],
    ['Scenario says so', ok(glb()), { properties: { size: 2_000_000 } }],
    ['its bytes are too many', ok(glb([8, 2_000_000]), { 'transfer-encoding': 'chunked' }), {}],
  ] as const)('that is too large fails the execution at once, with a way out, because %s', async (_, said, asset) => {
    const env = { MAX_ASSET_BYTES: '1000000' };
    const { store, submitted, files, time } = await withFiles([{ id: 'asset_1', said, asset }], { env });

    await expect(store()).rejects.toMatchObject({
      name: 'download-broken',
      message: 'asset_1: the file has more than 1,000,000 bytes (maxAssetBytes)',
    });

    expect(files()).toEqual([]);
    expect(time.slept).toEqual([]);
    const { assets, missing } = await submitted();
    expect(assets).toEqual([]);
    expect(missing).toEqual([{ assetId: 'asset_1', reason: 'the file has more than 1,000,000 bytes (maxAssetBytes)' }]);
  });

  it('that was too large is fetched by a redrive, once the setting is raised', async () => {
    const { store, manifest } = await withFiles([{ id: 'asset_1', said: ok(glb([8, 2_000_000])) }], {
      env: { MAX_ASSET_BYTES: '1000000' },
    });
    await expect(store()).rejects.toMatchObject({ name: 'download-broken' });

    await store({ env: { MAX_ASSET_BYTES: '3000000' } });

    expect(await manifest()).toMatchObject({ status: 'stored' });
    expect(await manifest()).not.toHaveProperty('missing');
  });

  it('that is still pending is waited for, and left out when there is a model beside it', async () => {
    const { store, manifest, time } = await withFiles([
      { id: 'asset_1', said: ok(''), asset: { status: 'pending' } },
      { id: 'asset_2', said: ok(glb()) },
    ]);

    await store();

    expect(time.slept).toEqual([1_000, 10_000, 40_000]);
    expect((await manifest()).missing).toMatchObject([{ assetId: 'asset_1' }]);
  });

  it('that comes packed is unpacked', async () => {
    const said = ok(gzipSync(glb()), { 'content-encoding': 'gzip' });
    const { store, manifest } = await withFiles([{ id: 'asset_1', said }]);

    await store();

    expect((await manifest()).assets).toMatchObject([{ bytes: glb().length }]);
  });
});

describe('a job that failed', () => {
  it('fails the execution by its own code once the files that it gave are kept', async () => {
    const failed = { status: 'failure', metadata: { assetIds: ['asset_1', 'asset_2'], error: 'it broke' } };
    const files = [{ id: 'asset_1', said: ok(glb()) }];
    const { store, submitted, hasManifest, events } = await withFiles(files, { job: failed });

    await expect(store()).rejects.toMatchObject({ name: 'job-failed', message: 'it broke' });

    expect(await submitted()).toMatchObject({
      assets: [{ role: 'model' }],
      missing: [{ assetId: 'asset_2', reason: expect.stringContaining('Asset not found') as string }],
    });
    expect(hasManifest()).toBe(false);
    expect(events).toEqual([]);
  });

  it('because somebody canceled it says so', async () => {
    const { store } = await withFiles([], { job: { status: 'canceled' } });

    await expect(store()).rejects.toMatchObject({ name: 'job-canceled' });
  });
});

it('a run that is reported as failed in the meantime is stored after all', async () => {
  const { records, store, manifest } = await withStandIn();
  const standing = await records.read(runId);
  if (standing?.record.phase !== 'submitted') throw new Error('not submitted');
  const failure = { code: 'aborted' as const, reason: 'stopped' };
  const finishedAt = '2026-10-05T10:00:00.000Z';
  await records.end(standing, { ...standing.record, phase: 'failed', finishedAt, failure });

  await store();

  expect((await manifest()).status).toBe('stored');
});

it('without a record nothing is copied', async () => {
  const { store, files } = await openStore('http://127.0.0.1:1/v1');

  await expect(store()).rejects.toThrow(/no record/);

  expect(files()).toEqual([]);
});

it('a stored run is announced again without asking Scenario', async () => {
  const asked: unknown[] = [];
  const refusing: typeof fetch = async (url) => {
    asked.push(url);
    throw new Error('asked');
  };
  const { store, begin, events } = await openStore('http://127.0.0.1:1/v1', { clients: { fetch: refusing } });
  await begin(storedRecord());

  expect(await store()).toEqual({ status: 'stored', assets: 1 });

  expect(asked).toEqual([]);
  expect(events).toMatchObject([{ detailType: 'Model Stored' }]);
});
