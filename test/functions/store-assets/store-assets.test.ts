import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { withoutDetails } from '../../../functions/contract/asset.ts';
import { createScenario } from '../../../functions/scenario/client.ts';
import type { Job } from '../../../functions/scenario/schemas.ts';
import { modelDefaults } from '../../../functions/models/tripo-3-1.ts';
import { storeAssets } from '../../../functions/store-assets/store-assets.ts';
import type { StandInOptionsInput } from '../../../local/scenario/options.ts';
import { startStandIn } from '../../../local/scenario/server.ts';
import { credentialsOf } from '../credentials.ts';
import { png, webp } from '../images.ts';
import { storedRecord, submittedRecord } from '../records.ts';
import { ASSETS } from '../s3-endpoint.ts';
import { openServer, type Said } from '../scripted-server.ts';
import { virtualTime } from '../virtual-time.ts';
import { glb, glbOf } from './glb.ts';
import { FOLDER, ok, openStore, runId, withFiles } from './storing.ts';

/** A job of the stand-in that is done, and its record. */
async function withStandIn(options: StandInOptionsInput = {}, parameters = modelDefaults) {
  const clock = virtualTime();
  const standIn = await startStandIn({
    apiKey: 'key',
    apiSecret: 'secret',
    now: clock.now,
    options: { requestsPerWindow: 100_000, resultModel: 'triangle', jobSeconds: 100, ...options },
  });
  onTestFinished(() => standIn.close());
  const world = await openStore(standIn.url);
  const scenario = createScenario({
    url: standIn.url,
    credentials: credentialsOf('secret'),
    fetch,
    ...clock,
  });
  const image = await scenario.uploadImage({ bytes: await png(), name: 'oak.png', contentType: 'image/png' });
  const jobId = await scenario.generate({ ...parameters, image });
  clock.pass(100);
  await world.tools.records.write({ ...submittedRecord(), jobId }, undefined);
  return { ...world, standIn, jobId, clock, store: () => storeAssets({ runId, jobId }, world.tools) };
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

  it('that was interrupted before its answer gives the same keys again', async () => {
    const { tools, jobId, store, files, manifest } = await withStandIn();
    const announce = async () => {
      throw new Error('the bus is away');
    };
    await expect(storeAssets({ runId, jobId }, { ...tools, announce })).rejects.toThrow('the bus is away');

    await store();

    expect(files()).toEqual(['oak.glb', 'oak.preview.webp']);
    expect((await manifest()).status).toBe('stored');
  });

  it('with quads is an FBX', async () => {
    const { store, files } = await withStandIn({}, { ...modelDefaults, quad: true });

    await store();

    expect(files()).toContain('oak.fbx');
  });

  it.each([{ resultContentType: 'octet-stream' }, { redirectDownloads: true }] as const)(
    'is told by its bytes and followed where it moved: %o',
    async (options) => {
      const { store, manifest } = await withStandIn(options);

      await store();

      expect((await manifest()).assets[0]).toMatchObject({ role: 'model', contentType: 'model/gltf-binary' });
    },
  );

  it('may have a picture in the first place', async () => {
    const { store, manifest } = await withStandIn({ extraWebpFirst: true });

    await store();

    const roles = (await manifest()).assets.map(({ role }) => role);
    expect(roles).toEqual(['other', 'model', 'preview']);
  });

  it('larger than several parts is copied whole', async () => {
    const { store, manifest, s3 } = await withStandIn({ gltfPadBytes: 20_000_000 });

    await store();

    const [model] = (await manifest()).assets;
    expect(model?.bytes).toBeGreaterThan(20_000_000);
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

  it('without a preview of the model leave the picture out, say so, and keep the model', async () => {
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
  it('is answered as failed, with what was there kept', async () => {
    const { store, manifest, events, files } = await withFiles([{ id: 'asset_1', said: ok(await webp()) }]);

    await expect(store()).rejects.toMatchObject({ name: 'UnusableResultError' });

    expect(files()).toEqual(['oak.webp']);
    expect(await manifest()).toMatchObject({
      status: 'failed',
      failure: { code: 'no-model' },
      assets: [{ role: 'other' }],
    });
    expect(events).toMatchObject([{ detailType: 'Model Failed' }]);
  });

  it('because it gives nothing is answered, too', async () => {
    const { store, manifest } = await withFiles([]);

    await expect(store()).rejects.toMatchObject({ name: 'UnusableResultError' });

    expect(await manifest()).toMatchObject({ status: 'failed', failure: { code: 'no-model' }, assets: [] });
  });

  it('because it gives more than 500 files is answered without copying any', async () => {
    const assetIds = Array.from({ length: 501 }, (_, n) => `asset_${n}`);
    const { store, manifest, files, server } = await withFiles([], { job: { metadata: { assetIds } } });

    await expect(store()).rejects.toMatchObject({ name: 'UnusableResultError' });

    expect((await manifest()).failure).toMatchObject({ code: 'too-many-assets' });
    expect(files()).toEqual([]);
    expect(server.requests).toHaveLength(1);
  });
});

describe('what is not ready', () => {
  it.each([
    ['a job that runs', [], { status: 'in-progress' }],
    ['a file in the making', [{ id: 'asset_1', said: ok(''), asset: { status: 'pending' } }], {}],
    ['a file that Scenario does not know yet', [], { metadata: { assetIds: ['asset_new'] } }],
  ])('is worth a retry: %s', async (_, files, job) => {
    const { store, events } = await withFiles(files, { job });

    await expect(store()).rejects.toMatchObject({ name: 'AssetNotReadyError' });
    expect(events).toEqual([]);
  });
});

describe('a broken download', () => {
  const whole = glb([8, 64]);
  it.each<[string, Said, Record<string, unknown>]>([
    ['shorter than Scenario says', ok(whole), { properties: { size: whole.length + 1 } }],
    ['longer than Scenario says', ok(whole), { properties: { size: whole.length - 1 } }],
    ['cut short', { status: 200, headers: { 'content-length': '9999' }, body: whole, cutAfter: true }, {}],
    ['a GLB without its end', ok(whole.subarray(0, -4)), {}],
    ['a GLB with more at its end', ok(Buffer.concat([whole, Buffer.alloc(4)])), {}],
    ['an error page', ok('<!doctype html>Maintenance'), {}],
    ['an error in JSON', ok('{"message":"no"}'), {}],
    ['nothing', ok(''), {}],
    ['refused', { status: 403, body: '<Error/>' }, {}],
    ['reset', 'cut', {}],
    ['said to be broken', ok(whole), { status: 'error' }],
    ['redirected to nowhere', { status: 302, headers: { location: 'http://' } }, {}],
    ['without an address', ok(whole), { url: 'none' }],
  ])('is worth a retry and leaves no object: %s', async (_, said, asset) => {
    const { store, files, events } = await withFiles([{ id: 'asset_1', said, asset }]);

    await expect(store()).rejects.toMatchObject({ name: 'DownloadBrokenError' });

    expect(files()).toEqual([]);
    expect(events).toEqual([]);
  });

  it('of many parts leaves no object either', async () => {
    const large = glb([8, 17_000_000]);
    const { store, files } = await withFiles([
      { id: 'asset_1', said: ok(large), asset: { properties: { size: large.length + 1 } } },
    ]);

    await expect(store()).rejects.toMatchObject({ name: 'DownloadBrokenError' });

    expect(files()).toEqual([]);
  });

  it('of the stand-in is mended by the next tries, each with a fresh URL', async () => {
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

it('a file that breaks in its middle keeps its name at the next try', async () => {
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
    const direct = await withFiles([
      { id: 'asset_1', said: ok(''), asset: { url: `${foreign.origin}/a.glb` } },
    ]);
    const moved = await withFiles([
      { id: 'asset_1', said: { status: 302, headers: { location: `${foreign.origin}/a.glb` } } },
    ]);

    for (const { store } of [direct, moved]) await expect(store()).rejects.toThrow(/foreign host/);

    expect(foreign.requests).toEqual([]);
  });

  it.each([
    ['https://cdn.cloud.scenario.com/a.glb', true],
    ['https://cdn.scenario.com/a.glb', true],
    ['http://cdn.scenario.com/a.glb', false],
    ['https://scenario.com.evil.example/a.glb', false],
    ['https://evilscenario.com/a.glb', false],
    ['https://cdn.scenario.com:8443/a.glb', false],
    ['https://cdn.scenario.com@evil.example/a.glb', false],
    ['file:///etc/passwd', false],
  ])('%s is asked: %s', async (url, isAsked) => {
    const asked: string[] = [];
    const lookup = async (hostname: string) => {
      asked.push(hostname);
      throw new Error('no network in tests');
    };
    const { store } = await withFiles([{ id: 'asset_1', said: ok(''), asset: { url } }], {
      tools: { lookup },
    });

    await expect(store()).rejects.toMatchObject({ name: 'DownloadBrokenError' });

    expect(new Set(asked)).toEqual(new Set(isAsked ? [new URL(url).hostname] : []));
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
  ])('of an allowed name that leads to %s is not connected to', async (address, family) => {
    const lookup = async () => [
      { address: '203.0.113.1', family: 4 },
      { address, family },
    ];
    const file = { id: 'asset_1', said: ok(''), asset: { url: 'https://cdn.cloud.scenario.com/a.glb' } };
    const { store } = await withFiles([file], { tools: { lookup } });

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

  it('that redirects for ever is given up', async () => {
    const { store, server } = await withFiles([
      { id: 'asset_1', said: { status: 302, headers: { location: '/files/asset_1' } } },
    ]);

    await expect(store()).rejects.toMatchObject({ name: 'DownloadBrokenError' });
    expect(server.requests.length).toBeLessThan(4 * 8);
  });
});

describe('a file', () => {
  it('says in S3 what it is, whose it is, and what its bytes sum up to', async () => {
    const { store, s3, manifest } = await withFiles([{ id: 'asset_1', said: ok(glb([8, 12_000_000])) }]);

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

  it('that is a GLB says what is in it, and what the validator says of it', async () => {
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

  it('that is a GLB with errors is no model where errors are told to fail, and is kept', async () => {
    const file = { id: 'asset_1', said: ok(glbOf({ asset: { version: '2.0' }, nodes: 'none' })) };
    const { store, manifest, files } = await withFiles([file], { tools: { glbErrors: 'fail' } });

    await expect(store()).rejects.toMatchObject({ name: 'UnusableResultError' });

    expect(files()).toEqual(['oak.glb']);
    expect(await manifest()).toMatchObject({
      failure: { code: 'no-model' },
      assets: [{ role: 'other', validation: { errors: 1 } }],
    });
  });

  it.each([
    ['by its header', ok(glb([8, 2_000_000])), {}],
    ['as Scenario says', ok(glb()), { properties: { size: 2_000_000 } }],
    ['though nobody says so', ok(glb([8, 2_000_000]), { 'transfer-encoding': 'chunked' }), {}],
  ] as const)('that is too large is answered at once, with a way out: %s', async (_, said, asset) => {
    const tools = { maxAssetBytes: 1_000_000 };
    const { store, manifest, files, time } = await withFiles([{ id: 'asset_1', said, asset }], { tools });

    await expect(store()).rejects.toMatchObject({ name: 'UnusableResultError' });

    expect(files()).toEqual([]);
    expect(time.slept).toEqual([]);
    expect(await manifest()).toMatchObject({
      failure: { code: 'download-broken', reason: expect.stringContaining('maxAssetBytes') as string },
      missing: [{ assetId: 'asset_1' }],
    });
  });

  it('that was too large is fetched by a redrive, once the setting is raised', async () => {
    const { store, tools, manifest } = await withFiles([{ id: 'asset_1', said: ok(glb([8, 2_000_000])) }], {
      tools: { maxAssetBytes: 1_000_000 },
    });
    await expect(store()).rejects.toMatchObject({ name: 'UnusableResultError' });

    await storeAssets({ runId, jobId: 'job_1' }, { ...tools, maxAssetBytes: 3_000_000 });

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
  it('leaves what it gave in the folder of the run, and has failed all the same', async () => {
    const failed = { status: 'failure', metadata: { assetIds: ['asset_1', 'asset_2'], error: 'it broke' } };
    const files = [{ id: 'asset_1', said: ok(glb()) }];
    const { store, manifest, events } = await withFiles(files, { job: failed });

    await expect(store()).rejects.toMatchObject({ name: 'UnusableResultError' });

    expect(await manifest()).toMatchObject({
      failure: { code: 'job-failed', reason: 'it broke' },
      assets: [{ role: 'model' }],
      missing: [{ assetId: 'asset_2' }],
    });
    expect(events).toMatchObject([{ detailType: 'Model Failed' }]);
  });
});

it('a run that is reported as failed meanwhile is stored all the same', async () => {
  const { tools, store, manifest } = await withStandIn();
  const kept = await tools.records.read(runId);
  if (kept?.record.phase !== 'submitted') throw new Error('not submitted');
  const failure = { code: 'aborted' as const, reason: 'stopped' };
  await tools.records.write(
    { ...kept.record, phase: 'failed', finishedAt: '2026-10-05T10:00:00.000Z', failure },
    kept,
  );

  await store();

  expect((await manifest()).status).toBe('stored');
});

it('without a record nothing is copied', async () => {
  const { tools } = await openStore('http://127.0.0.1:1/v1');

  await expect(storeAssets({ runId, jobId: 'job_1' }, tools)).rejects.toThrow(/no record/);
});

it('a stored run does not even ask for its job', async () => {
  const { tools, events } = await openStore('http://127.0.0.1:1/v1');
  await tools.records.write(storedRecord(), undefined);
  const job = async (): Promise<Job> => {
    throw new Error('asked');
  };

  await storeAssets({ runId, jobId: 'job_1' }, { ...tools, scenario: { ...tools.scenario, job } });

  expect(events).toMatchObject([{ detailType: 'Model Stored' }]);
});
