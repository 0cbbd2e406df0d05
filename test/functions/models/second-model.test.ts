import type { Context } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { createCheckJob } from '../../../functions/check-job/check-job.ts';
import type { Model } from '../../../functions/models/model.ts';
import { MODELS } from '../../../functions/models/registry.ts';
import { httpGet } from '../../../functions/store-assets/http-get.ts';
import { createStoreAssets } from '../../../functions/store-assets/store-assets.ts';
import { MODELS as STAND_IN_MODELS, type StandInModel } from '../../../local/scenario/jobs/tripo-inputs.ts';
import { openSubmission } from '../submission.ts';

/** A made-up model with other inputs: this, and its counterpart at the stand-in, is all that a second model takes. */
const clay: Model = {
  name: 'clay-2',
  id: 'model_clay-2',
  metadataPrefix: 'clay-',
  imageInput: 'picture',
  inputs: {
    detail: { kind: 'choice', options: ['rough', 'fine'], default: 'rough', describe: 'of the surface' },
    colors: { kind: 'integer', min: 2, max: 64, describe: 'of the clay' },
    hollow: { kind: 'boolean', default: false, describe: 'for printing' },
  },
  implications: [],
  conflicts: [{ when: { hollow: true, detail: 'fine' }, why: 'a fine surface needs a full body' }],
  ranges: [],
  typicalCu: 10,
  image: { maxBytes: 1_000_000, minSide: 1, maxSide: 1_000, contentTypes: ['image/png'] },
  roles: {},
  typicalSeconds: [300, 320, 340, 360],
};

const clayAtScenario: StandInModel = {
  id: clay.id,
  title: 'Clay 2',
  fields: [
    { name: 'picture', type: 'file' },
    { name: 'detail', type: 'string', allowedValues: ['rough', 'fine'] },
    { name: 'colors', type: 'number' },
    { name: 'hollow', type: 'boolean' },
  ],
  toTripo: ({ picture, detail }) => ({
    image: String(picture),
    geometryQuality: detail === 'fine' ? 'detailed' : 'standard',
  }),
};

async function openWithClay() {
  const models = [...MODELS, clay];
  const standInModels = [...STAND_IN_MODELS, clayAtScenario];
  const world = await openSubmission({}, { models, standInModels });
  const env = {
    ...world.env,
    JOB_DEADLINE_SECONDS: '2700',
    MAX_ASSET_BYTES: '1000000',
    GLB_ERRORS: 'report',
  };
  const lookup = () => Promise.reject(new Error('no network in tests'));
  const clients = { ...world.clients, get: httpGet, lookup, validate: async () => ({}) };
  const { time, telemetry } = world;
  const check = createCheckJob(env, clients, time, { models });
  const store = createStoreAssets(env, clients, time, { telemetry, models });
  return { ...world, check, store, context: {} as Context };
}

describe('a second model', () => {
  it('takes an image from the drop to the event, by its own inputs, limits and times', async () => {
    const world = await openWithClay();
    const { upload, runId } = await world.drop({ 'meshdrop-model': 'clay-2', 'clay-colors': '8' });

    await world.submit(upload);
    const [input] = world.started;
    if (!input) throw new Error('not started');
    const { submittedAt, jobId } = input;
    const running = await world.check({ ...input, submittedAt }, world.context);
    world.time.pass(200);
    const done = await world.check({ ...input, submittedAt }, world.context);
    await world.store({ runId, jobId }, world.context);

    expect(input).toMatchObject({ modelId: 'model_clay-2', check: { waitSeconds: 256 } });
    expect(running).toMatchObject({ status: 'running' });
    expect(done).toEqual({ status: 'succeeded' });
    const model = { id: 'model_clay-2', parameters: { detail: 'rough', colors: 8, hollow: false } };
    expect(await world.record(runId)).toMatchObject({ phase: 'stored', modelId: model.id });
    expect(await world.manifest(runId)).toMatchObject({ status: 'stored', model });
    expect(world.events).toMatchObject([
      {
        detailType: 'Model Stored',
        detail: { data: { model, assets: [{ role: 'model' }, { role: 'preview' }] } },
      },
    ]);
  });

  it('is reused by the same image, and not by the other model', async () => {
    const world = await openWithClay();
    const metadata = { 'meshdrop-model': 'clay-2', 'meshdrop-on-duplicate': 'reuse' };
    const first = await world.drop(metadata, 'first.png');
    await world.submit(first.upload);
    world.time.pass(200);
    await world.store({ runId: first.runId, jobId: world.started[0]?.jobId ?? '' }, world.context);

    const [same, other] = [await world.drop(metadata), await world.drop({ 'meshdrop-on-duplicate': 'reuse' })];
    await world.submit(same.upload);
    await world.submit(other.upload);

    expect(await world.record(same.runId)).toMatchObject({ phase: 'stored', reusedFrom: first.runId });
    expect(await world.record(other.runId)).toMatchObject({ phase: 'submitted' });
    expect(world.jobs()).toHaveLength(2);
  });

  it('is looked for in the job list by its own image input after a lost answer', async () => {
    const world = await openWithClay();
    world.standIn.setOptions({ faults: [{ on: 'generate', what: 'lost-cut' }] });
    const { upload, runId } = await world.drop({ 'meshdrop-model': 'clay-2' });

    await world.submit(upload);

    expect(await world.record(runId)).toMatchObject({ phase: 'submitted', jobId: world.jobs()[0]?.jobId });
    expect(world.jobs()).toHaveLength(1);
  });

  it.each([
    ['an input of the other model', { 'tripo-quad': 'true' }, 'unknown-parameter', 'for the model tripo-3-1'],
    ['an unknown input', { 'clay-colour': '8' }, 'unknown-parameter', 'did you mean clay-colors?'],
    ['a value out of its range', { 'clay-colors': '65' }, 'bad-parameter', 'from 2 to 64'],
    [
      'two that exclude each other',
      { 'clay-hollow': 'true', 'clay-detail': 'fine' },
      'parameter-conflict',
      'full body',
    ],
  ])('rejects %s before anything reaches Scenario', async (_, metadata, code, words) => {
    const world = await openWithClay();
    const { upload, runId } = await world.drop({ 'meshdrop-model': 'clay-2', ...metadata });

    await world.submit(upload);

    const reason = expect.stringContaining(words) as string;
    expect(await world.record(runId)).toMatchObject({ phase: 'rejected', failure: { code, reason } });
    expect(world.requests()).toEqual({});
  });
});
