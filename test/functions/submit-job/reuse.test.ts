import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import type { Asset } from '../../../functions/contract/asset.ts';
import { PAUSE_KEY } from '../../../functions/spending/spend-guard.ts';
import { jpeg } from '../images.ts';
import { ASSETS } from '../s3-endpoint.ts';
import { openSubmission, type OpenSubmission } from '../submission.ts';
import { conclude } from '../../../functions/run/conclude.ts';
import { assetFolder, manifestKey, recordKey } from '../../../functions/run/keys.ts';
import type { RecordIn, RunRecord } from '../../../functions/run/record.ts';

const REUSE = { 'meshdrop-on-duplicate': 'reuse' };

/** An image that was dropped before, its model paid for and stored. */
async function earlier(world: OpenSubmission, metadata: Record<string, string> = {}) {
  const { upload, runId } = await world.drop(metadata, 'earlier.png');
  await world.submit(upload);
  const record = await world.record(runId);
  if (record?.phase !== 'submitted') throw new Error('not submitted');
  const key = `${assetFolder('earlier.png', runId)}earlier.glb`;
  const { versionId } = await world.s3.put(ASSETS, key, 'a model');
  const asset: Asset = {
    role: 'model',
    bucket: ASSETS,
    key,
    ...(versionId !== undefined && { versionId }),
    contentType: 'model/gltf-binary',
    bytes: 7,
    sha256: 'cd',
    assetId: 'asset_out',
  };
  await conclude(record, { phase: 'stored', assets: [asset], cu: 37.5 }, world.runs);
  world.events.length = 0;
  world.started.length = 0;
  world.counts.length = 0;
  return { runId, asset, jobId: record.jobId, requests: { ...world.requests() } };
}

describe('an image whose model is stored already', () => {
  it('is answered with it under its own run, and nothing reaches Scenario', async () => {
    const world = await openSubmission();
    const { runId: first, asset, jobId, requests } = await earlier(world);
    const { upload, runId } = await world.drop(REUSE);

    await world.submit(upload);

    expect(world.requests()).toEqual(requests);
    expect(world.started).toEqual([]);
    expect(await world.record(runId)).toMatchObject({
      phase: 'stored',
      reusedFrom: first,
      cu: 0,
      jobId,
      assets: [asset],
      upload: { key: upload.key, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
    });
    expect(await world.manifest(runId)).toMatchObject({
      status: 'stored',
      runId,
      reusedFrom: first,
      job: { jobId, cu: 0 },
      assets: [asset],
      model: { parameters: { orientation: 'default' } },
    });
    expect(world.events).toMatchObject([
      {
        detailType: 'Model Stored',
        detail: {
          metadata: { runId },
          data: { reusedFrom: first, assets: [asset], job: { cu: 0 }, upload: { key: upload.key } },
        },
      },
    ]);
    expect(world.counts).toEqual([
      ['Stored', 1],
      ['Reused', 1],
    ]);
  });

  it('is recognized by its effective parameters, wherever they come from', async () => {
    const world = await openSubmission();
    const { requests } = await earlier(world, { 'tripo-quad': 'true' });
    const { upload, runId } = await world.drop(REUSE);

    await world.submit(upload, {
      settings: { parameterSettings: { defaults: { quad: true }, presets: {} } },
    });

    expect(await world.record(runId)).toMatchObject({ phase: 'stored' });
    expect(world.requests()).toEqual(requests);
  });

  it.each([
    ['the deployment says so', {}, 'reuse', 1],
    ['the upload says otherwise', { 'meshdrop-on-duplicate': 'REGENERATE' }, 'reuse', 2],
    ['nobody says anything', {}, 'regenerate', 2],
  ] as const)('is paid for or not as it is said: when %s', async (_, metadata, onDuplicate, jobs) => {
    const world = await openSubmission();
    await earlier(world);
    const { upload } = await world.drop(metadata);

    const { options } = world.submission.settings;
    await world.submit(upload, { settings: { options: { ...options, onDuplicate } } });

    expect(world.jobs()).toHaveLength(jobs);
  });

  it('is told from the run that paid, also the second time', async () => {
    const world = await openSubmission();
    const { runId: first } = await earlier(world);
    await world.submit((await world.drop(REUSE, 'second.png')).upload);
    const { upload, runId } = await world.drop(REUSE, 'third.png');

    await world.submit(upload);

    expect(await world.record(runId)).toMatchObject({ reusedFrom: first, cu: 0 });
  });

  it('is answered with it even when it was claimed before that model was there', async () => {
    const world = await openSubmission();
    const { upload, runId } = await world.drop(REUSE);
    await world.s3.put(ASSETS, PAUSE_KEY, '{}');
    await expect(world.submit(upload)).rejects.toThrow(/paused/);
    await world.s3.s3.send(new DeleteObjectCommand({ Bucket: ASSETS, Key: PAUSE_KEY }));
    const { runId: first } = await earlier(world);

    await world.submit(upload);

    expect(await world.record(runId)).toMatchObject({ phase: 'stored', reusedFrom: first });
    expect(world.jobs()).toHaveLength(1);
  });

  it('is announced by the next delivery when the function died after writing the record', async () => {
    const world = await openSubmission();
    await earlier(world);
    const { upload, runId } = await world.drop(REUSE);
    const write: typeof world.documents.write = async (key, value, replacing) => {
      if (key === manifestKey(upload.key, runId)) throw new Error('killed');
      return await world.documents.write(key, value, replacing);
    };
    await expect(world.submit(upload, { runs: { documents: { ...world.documents, write } } })).rejects.toThrow(
      'killed',
    );
    expect(await world.record(runId)).toMatchObject({ phase: 'stored' });

    await world.submit(upload);

    expect(await world.manifest(runId)).toMatchObject({ status: 'stored' });
    expect(world.events).toMatchObject([{ detailType: 'Model Stored', detail: { metadata: { runId } } }]);
    expect(world.jobs()).toHaveLength(1);
  });
});

describe('a new model is made', () => {
  it.each([
    ['other parameters', { ...REUSE, 'tripo-quad': 'true' }, undefined],
    ['other bytes', REUSE, jpeg],
  ] as const)('of %s', async (_, metadata, image) => {
    const world = await openSubmission();
    await earlier(world);
    const { upload, runId } = await world.drop(metadata, undefined, await image?.());

    await world.submit(upload);

    expect(world.jobs()).toHaveLength(2);
    expect(await world.record(runId)).toMatchObject({ phase: 'submitted' });
  });

  it('when a file of the earlier one is gone, and that is the one to be reused from then on', async () => {
    const world = await openSubmission();
    const { asset } = await earlier(world);
    await world.s3.s3.send(new DeleteObjectCommand({ Bucket: ASSETS, Key: asset.key, VersionId: asset.versionId }));
    const { runId: second } = await earlier(world, REUSE);
    expect(world.jobs()).toHaveLength(2);
    const { upload, runId } = await world.drop(REUSE);

    await world.submit(upload);

    expect(world.jobs()).toHaveLength(2);
    expect(await world.record(runId)).toMatchObject({ phase: 'stored', reusedFrom: second });
  });

  it('for an upload that asks for another model, which is then reused', async () => {
    const world = await openSubmission();
    await earlier(world, REUSE);
    const { runId: second } = await earlier(world, { 'meshdrop-on-duplicate': 'regenerate' });
    const { upload, runId } = await world.drop(REUSE);

    await world.submit(upload);

    expect(world.jobs()).toHaveLength(2);
    expect(await world.record(runId)).toMatchObject({ phase: 'stored', reusedFrom: second });
  });
});

/** The first of two uploads of one picture, whose job is paid, and the second. */
async function openTwo(changed: Partial<RunRecord> = {}) {
  const world = await openSubmission();
  const first = await world.drop(REUSE, 'first.png');
  await world.submit(first.upload);
  const owner = await world.records.read(first.runId);
  if (!owner) throw new Error('no record');
  const put = (record: object) => world.s3.put(ASSETS, recordKey(first.runId), JSON.stringify(record));
  if (Object.keys(changed).length > 0) await put({ ...owner.record, ...changed });
  const second = await world.drop(REUSE, 'second.png');
  const index = world.s3.keys().find((key) => key.startsWith('results/')) ?? '';
  const again = () => world.submit(second.upload);
  return { world, first, second, owner: owner.record, put, index, again };
}

const HOURS_25 = 25 * 3600;

describe('the second upload of a picture that is being made', () => {
  it('waits, longer each time, and reaches neither the image nor Scenario', async () => {
    const { world, again } = await openTwo();
    await expect(again()).rejects.toMatchObject({ name: 'TryLaterError', inSeconds: 60 });
    const requests = { ...world.requests() };
    const read = world.s3.keys().length;
    world.time.pass(300);

    await expect(again()).rejects.toMatchObject({ inSeconds: 300 });
    world.time.pass(10_000);
    await expect(again()).rejects.toMatchObject({ inSeconds: 900 });

    expect(world.requests()).toEqual(requests);
    expect(world.s3.keys()).toHaveLength(read);
    expect(world.jobs()).toHaveLength(1);
  });

  it('never takes over from a run with a job, however old the claim is', async () => {
    const { world, again } = await openTwo();
    world.time.pass(HOURS_25);

    await expect(again()).rejects.toMatchObject({ name: 'TryLaterError' });

    expect(world.jobs()).toHaveLength(1);
  });

  it.each([
    ['was refunded', { code: 'job-failed', reason: 'why' }, 0, 'submitted', 2],
    ['was refunded by default', { code: 'job-canceled', reason: 'why' }, undefined, 'submitted', 2],
    ['cost money', { code: 'job-failed', reason: 'why' }, 37.5, 'failed', 1],
    ['has a model that could not be stored', { code: 'download-broken', reason: 'why' }, 37.5, 'failed', 1],
    ['is lost', { code: 'job-lost', reason: 'why' }, undefined, 'failed', 1],
  ] as const)(
    'buys it only if the first one failed without cost: a job that %s',
    async (_, failure, cu, phase, jobs) => {
      const { world, first, second, owner, put, again } = await openTwo();
      await put({ ...owner, phase: 'failed', failure, finishedAt: '2026-10-05T06:00:00.000Z', announced: true, cu });

      await again();

      expect(world.jobs()).toHaveLength(jobs);
      const record = await world.record(second.runId);
      expect(record).toMatchObject({ phase });
      if (record?.phase === 'failed') {
        expect(record.failure.code).toBe(failure.code);
        expect(record.failure.hint).toBe(`ask the team to redrive the run ${first.runId}, then upload the image again`);
        expect(record.jobId).toBeUndefined();
      }
    },
  );

  it('buys it if the first one was rejected', async () => {
    const { world, owner, put, again } = await openTwo();
    const { jobId: _, submittedAt: __, acceptedAt: ___, ...rest } = owner as RecordIn<'submitted'>;
    const ended = { finishedAt: '2026-10-05T06:00:00.000Z', announced: true };
    const failure = { code: 'refused-by-scenario', reason: 'why' };
    await put({ ...rest, phase: 'rejected', failure, ...ended });

    await again();

    expect(world.jobs()).toHaveLength(2);
  });

  it.each([
    ['after an hour it waits', 3600, 1],
    ['after a day it takes over', HOURS_25, 2],
  ])('when the first one stands still before its send: %s', async (_, seconds, jobs) => {
    const { world, owner, put, index, again } = await openTwo();
    const { jobId: _j, submittedAt: _s, acceptedAt: _a, ...rest } = owner as RecordIn<'submitted'>;
    await put({ ...rest, phase: 'claimed', sends: [] });
    await world.s3.put(ASSETS, index, JSON.stringify({ schemaVersion: '1.0', runId: owner.runId }));
    world.time.pass(seconds);

    await again().catch(() => undefined);

    expect(world.jobs()).toHaveLength(jobs);
  });

  it('finds the job of a first one that stands still while it sends, and gives it to that one', async () => {
    const { world, first, owner, put, again } = await openTwo();
    const { jobId, submittedAt: _s, acceptedAt: _a, ...rest } = owner as RecordIn<'submitted'>;
    await put({ ...rest, phase: 'sending' });
    world.time.pass(HOURS_25);

    await expect(again()).rejects.toMatchObject({ name: 'TryLaterError' });

    expect(await world.record(first.runId)).toMatchObject({ phase: 'submitted', jobId });
    expect(world.jobs()).toHaveLength(1);
  });

  it('finds the job of a first one whose record was restored to a version from before its send', async () => {
    const { world, owner, put, again } = await openTwo();
    const { jobId: _j, submittedAt: _s, acceptedAt: _a, ...rest } = owner as RecordIn<'submitted'>;
    await put({ ...rest, phase: 'claimed', sends: [] });
    world.time.pass(HOURS_25);

    await expect(again()).rejects.toThrow(/whose record does not know it/);

    expect(world.jobs()).toHaveLength(1);
  });

  it('finds the job of a first one whose record is gone, and buys nothing', async () => {
    const { world, first, again } = await openTwo();
    await world.s3.s3.send(new DeleteObjectCommand({ Bucket: ASSETS, Key: recordKey(first.runId) }));
    world.time.pass(HOURS_25);

    await expect(again()).rejects.toThrow(/whose record does not know it/);

    expect(world.jobs()).toHaveLength(1);
  });

  it('is held when the index cannot be understood', async () => {
    const { world, index, again } = await openTwo();
    await world.s3.put(ASSETS, index, '{"schemaVersion":"2.0"}');

    await expect(again()).rejects.toMatchObject({ name: 'TryLaterError', inSeconds: 900 });

    expect(world.jobs()).toHaveLength(1);
    expect(world.counts).toContainEqual(['RecordUnreadable', 1]);
  });
});

it('a run whose record was removed after it had sent finds its job again, and pays nothing', async () => {
  const { world, first } = await openTwo();
  const [job] = world.jobs();
  await world.s3.s3.send(new DeleteObjectCommand({ Bucket: ASSETS, Key: recordKey(first.runId) }));
  world.started.length = 0;
  world.time.pass(60);

  await world.submitUntilDone(first.upload);

  expect(world.jobs()).toHaveLength(1);
  expect(await world.record(first.runId)).toMatchObject({ phase: 'submitted', jobId: job?.jobId });
});

it.each([
  ['an unknown key', { 'meshdrop-on-duplciate': 'reuse' }, 'unknown-parameter'],
  ['a value that is not allowed', { 'meshdrop-on-duplicate': 'never' }, 'bad-parameter'],
] as const)('an upload with %s is rejected, and nothing reaches Scenario', async (_, metadata, code) => {
  const world = await openSubmission();
  const { upload, runId } = await world.drop(metadata);

  await world.submit(upload);

  expect(await world.manifest(runId)).toMatchObject({ status: 'rejected', failure: { code } });
  expect(world.requests()).toEqual({});
});

it('a run whose record is restored to a version from before its send finds its job again, and pays nothing', async () => {
  const { world, first, owner, put } = await openTwo();
  const { jobId, submittedAt: _s, acceptedAt: _a, ...rest } = owner as RecordIn<'submitted'>;
  await put({ ...rest, phase: 'claimed', sends: [] });

  await world.submitUntilDone(first.upload);

  expect(world.jobs()).toHaveLength(1);
  expect(await world.record(first.runId)).toMatchObject({ phase: 'submitted', jobId });
});
