import { createHash } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { MeshdropEvent } from '../../../functions/shared/events.ts';
import { createJsonObjects } from '../../../functions/shared/json-objects.ts';
import { manifestSchema } from '../../../functions/shared/manifest.ts';
import { createRecords } from '../../../functions/shared/record.ts';
import { assetFolder, manifestKey } from '../../../functions/shared/run.ts';
import { createScenario } from '../../../functions/shared/scenario.ts';
import type { Job } from '../../../functions/shared/scenario-answers.ts';
import { modelDefaults } from '../../../functions/shared/tripo.ts';
import { type StoreTools, storeAssets } from '../../../functions/store-assets/store-assets.ts';
import type { StandInOptionsInput } from '../../../local/scenario/options.ts';
import { startStandIn } from '../../../local/scenario/server.ts';
import { credentialsOf } from '../credentials.ts';
import { png, webp } from '../images.ts';
import { collectObserved } from '../observed-collector.ts';
import { storedRecord, submittedRecord } from '../records.ts';
import { ASSETS, openS3 } from '../s3-endpoint.ts';
import { openServer, type Said } from '../scripted-server.ts';
import { virtualTime } from '../virtual-time.ts';
import { glb } from './glb.ts';

const { runId, upload } = submittedRecord();
const FOLDER = assetFolder(upload.key, runId);
const MANIFEST = manifestKey(upload.key, runId);

async function open(url: string, fetching: typeof fetch = fetch) {
  const time = virtualTime();
  const s3 = await openS3(time.now);
  const objects = createJsonObjects(s3.s3, ASSETS);
  const { log, count, counts, lines } = collectObserved();
  const events: MeshdropEvent[] = [];
  const tools: StoreTools = {
    s3: s3.s3,
    objects,
    records: createRecords(objects),
    assetBucket: ASSETS,
    announce: async (event) => void events.push(event),
    scenario: createScenario({ url, credentials: credentialsOf('secret'), fetch: fetching, ...time }),
    apiUrl: url,
    fetch: fetching,
    now: time.now,
    count,
    log,
  };
  const manifest = async () => manifestSchema.parse(await s3.json(MANIFEST));
  const files = () =>
    s3
      .keys()
      .filter((key) => key.startsWith(FOLDER) && key !== MANIFEST)
      .map((key) => key.slice(FOLDER.length));
  return { time, s3, tools, events, counts, lines, manifest, files, objects };
}

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
  const world = await open(standIn.url);
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

interface File {
  readonly id: string;
  readonly said: Said;
  readonly asset?: Record<string, unknown>;
}

/** A server whose job is done and gave these files. */
async function withFiles(files: readonly File[], job: Record<string, unknown> = {}) {
  const server = await openServer(({ url }): Said => {
    const name = url.split('?')[0]?.split('/').at(-1) ?? '';
    const file = files.find(({ id }) => id === name);
    if (url.startsWith('/v1/jobs/')) {
      const metadata = { assetIds: files.filter(({ id }) => !id.endsWith('preview')).map(({ id }) => id) };
      return { status: 200, body: { job: { jobId: 'job_1', status: 'success', metadata, ...job } } };
    }
    if (!file) return { status: 404, body: { reason: 'Asset not found' } };
    if (url.startsWith('/files/')) return file.said;
    const asset = { id: file.id, url: `${server.origin}/files/${file.id}?Signature=s`, ...file.asset };
    return { status: 200, body: { asset } };
  });
  const world = await open(`${server.origin}/v1`);
  await world.tools.records.write(submittedRecord(), undefined);
  return { ...world, server, store: () => storeAssets({ runId, jobId: 'job_1' }, world.tools) };
}

const ok = (body: Uint8Array | string): Said => ({ status: 200, body });

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
    expect(events).toMatchObject([{ detailType: 'Model Stored', detail: { data: { assets } } }]);
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

  it('without a preview of the model leave the picture out and keep the model', async () => {
    const { store, files, lines } = await withFiles([
      { id: 'asset_1', said: ok(glb()), asset: { preview: { assetId: 'asset_preview' } } },
      { id: 'asset_preview', said: { status: 502 } },
    ]);

    await store();

    expect(files()).toEqual(['oak.glb']);
    expect(lines.join()).toContain('stored without preview');
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
    const { store, manifest, files, server } = await withFiles([], { metadata: { assetIds } });

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
    const { store, events } = await withFiles(files, job);

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

  it('of the stand-in is mended by the next try with a fresh URL', async () => {
    const { store, files } = await withStandIn({
      faults: [
        { on: 'cdn', what: 'truncated' },
        { on: 'cdn', what: 'expired' },
        { on: 'cdn', what: 'wrong-bytes' },
      ],
    });
    for (let tries = 0; tries < 3; tries += 1)
      await expect(store()).rejects.toMatchObject({ name: 'DownloadBrokenError' });

    await store();

    expect(files()).toEqual(['oak.glb', 'oak.preview.webp']);
  });
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
    const world = await withFiles([{ id: 'asset_1', said: ok(''), asset: { url } }]);
    const asked: string[] = [];
    const fetching: typeof fetch = async (input) => {
      asked.push(input instanceof Request ? input.url : input.toString());
      throw new Error('no network in tests');
    };

    const storing = storeAssets({ runId, jobId: 'job_1' }, { ...world.tools, fetch: fetching });

    await expect(storing).rejects.toMatchObject({ name: 'DownloadBrokenError' });
    expect(asked).toEqual(isAsked ? [url] : []);
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
    expect(server.requests.length).toBeLessThan(12);
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
  const { tools } = await open('http://127.0.0.1:1/v1');

  await expect(storeAssets({ runId, jobId: 'job_1' }, tools)).rejects.toThrow(/no record/);
});

it('a stored run does not even ask for its job', async () => {
  const { tools, events } = await open('http://127.0.0.1:1/v1');
  await tools.records.write(storedRecord(), undefined);
  const job = async (): Promise<Job> => {
    throw new Error('asked');
  };

  await storeAssets({ runId, jobId: 'job_1' }, { ...tools, scenario: { ...tools.scenario, job } });

  expect(events).toMatchObject([{ detailType: 'Model Stored' }]);
});
