import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import type { Asset } from '../../../functions/contract/asset.ts';
import { PAUSE_KEY } from '../../../functions/spending/spend-guard.ts';
import { jpeg } from '../images.ts';
import { ASSETS } from '../s3-endpoint.ts';
import { openSubmission, type OpenSubmission } from '../submission.ts';
import { conclude } from '../../../functions/run/conclude.ts';
import { assetFolder, manifestKey } from '../../../functions/run/keys.ts';

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

  it('is so by its effective parameters, whoever said them', async () => {
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

  it('when the earlier run has not stored any yet', async () => {
    const world = await openSubmission();
    await world.submit((await world.drop({}, 'earlier.png')).upload);

    await world.submit((await world.drop(REUSE)).upload);

    expect(world.jobs()).toHaveLength(2);
  });
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
