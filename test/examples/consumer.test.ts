import { createHash } from 'node:crypto';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { ModelStored } from 'meshdrop/events';
import { describe, expect, it } from 'vitest';
import { addToCatalogue } from '../../examples/consumer/catalogue.ts';
import type { Asset } from '../../functions/contract/asset.ts';
import type { RecordIn } from '../../functions/run/record.ts';
import { sampleEvents } from '../docs/event-samples.ts';
import { modelAsset, storedRecord } from '../functions/records.ts';
import { ASSETS, openS3, UPLOADS } from '../functions/s3-endpoint.ts';
import { toEvent } from '../../functions/run/event.ts';
import { toManifest } from '../../functions/run/manifest.ts';
import { manifestKey } from '../../functions/run/keys.ts';

const CATALOGUE = 'catalogue';
const GLB = 'a model of an oak chair';
const MANIFEST = { bucket: ASSETS, key: manifestKey('chairs/oak.png', storedRecord().runId) };

/** Sets up S3 with a stored model and its manifest, and the event that announces it. */
async function open(change: (model: Asset) => Partial<RecordIn<'stored'>> = () => ({})) {
  const world = await openS3();
  const s3 = world.s3;
  await s3.send(new CreateBucketCommand({ Bucket: CATALOGUE }));
  const { versionId } = await world.put(ASSETS, modelAsset.key, GLB);
  const model = { ...modelAsset, versionId, sha256: createHash('sha256').update(GLB).digest('hex') };
  const record = { ...storedRecord(), assets: [model], ...change(model) };
  await s3.send(
    new PutObjectCommand({
      Bucket: ASSETS,
      Key: MANIFEST.key,
      Body: JSON.stringify(toManifest(record)),
    }),
  );
  const { detailType, detail } = toEvent(record, MANIFEST);
  const event = { source: 'meshdrop', 'detail-type': detailType, detail } as ModelStored;
  const { eventId } = event.detail.metadata;
  const add = (given: unknown) => addToCatalogue(given, { s3, assetBucket: ASSETS, catalogueBucket: CATALOGUE });

  async function entry(): Promise<unknown> {
    const command = new GetObjectCommand({ Bucket: CATALOGUE, Key: `catalogue/${eventId}.json` });
    return JSON.parse((await (await s3.send(command)).Body?.transformToString()) ?? '');
  }

  return { ...world, event, model, add, entry, entries: () => world.keys(CATALOGUE) };
}

/** Returns a forged event with other data. */
function withData(event: ModelStored, data: Partial<ModelStored['detail']['data']>): ModelStored {
  return { ...event, detail: { ...event.detail, data: { ...event.detail.data, ...data } } };
}

describe('the example consumer', () => {
  it('adds a model to the catalogue if its bytes match the event', async () => {
    const { add, event, entry, model } = await open();

    expect(await add(event)).toBe('added');

    expect(await entry()).toEqual({
      eventId: event.detail.metadata.eventId,
      runId: event.detail.metadata.runId,
      image: 'chairs/oak.png',
      model,
    });
  });

  it('ignores a repeated event', async () => {
    const { add, event, entries, entry } = await open();
    await add(event);
    const before = await entry();

    expect(await add({ ...event, id: 'another delivery', time: '2026-12-24T18:00:00Z' })).toBe('repeated');

    expect(entries()).toHaveLength(1);
    expect(await entry()).toEqual(before);
  });

  it('adds one entry for two simultaneous events', async () => {
    const { add, event, entries } = await open();

    const results = await Promise.all([add(event), add(event), add(event)]);

    expect(results.toSorted()).toEqual(['added', 'repeated', 'repeated']);
    expect(entries()).toHaveLength(1);
  });

  it('reads the version in the event, not the latest one', async () => {
    const { add, event, put } = await open();
    await put(ASSETS, modelAsset.key, 'overwritten');

    expect(await add(event)).toBe('added');
  });

  it('uses the manifest, regardless of the image and files in the event', async () => {
    const { add, event, entry, model } = await open();
    const upload = { ...event.detail.data.upload, key: '../../anything' };
    const assets = [{ ...model, key: 'models/another/model.glb', sha256: 'f'.repeat(64) }];

    expect(await add(withData(event, { upload, assets }))).toBe('added');

    expect(await entry()).toMatchObject({ image: 'chairs/oak.png', model });
  });

  it('has all files if they are too many for the event', async () => {
    const many = (model: Asset) => ({
      assets: [
        ...Array.from({ length: 499 }, (_, n) => ({
          ...modelAsset,
          role: 'other' as const,
          key: `${'a long name '.repeat(40)}${n}`,
        })),
        model,
      ],
    });
    const { add, event, entry, model } = await open(many);

    expect(event.detail.data.assetCount).toBe(500);
    expect(await add(event)).toBe('added');

    expect(await entry()).toMatchObject({ model });
  });

  it('accepts the event of a later minor version', async () => {
    const { add, event } = await open();
    const metadata = { ...event.detail.metadata, schemaVersion: '1.9' };
    const later = { ...event, detail: { ...event.detail, metadata, more: { of: 'later' } } };

    expect(await add(later)).toBe('added');
  });
});

describe('the example consumer refuses, with a message,', () => {
  it.each<[string, (model: Asset) => Partial<RecordIn<'stored'>>, string]>([
    [
      'a model with different bytes',
      (model) => ({ assets: [{ ...model, sha256: 'f'.repeat(64) }] }),
      `not ${'f'.repeat(64)}`,
    ],
    ['a "Model Stored" event without a model', (model) => ({ assets: [{ ...model, role: 'other' }] }), 'lists none'],
  ])('%s', async (_, change, sentence) => {
    const { add, event, entries } = await open(change);

    await expect(add(event)).rejects.toThrow(sentence);

    expect(entries()).toEqual([]);
  });

  it.each<[string, (event: ModelStored) => unknown, string]>([
    [
      'a manifest in another bucket',
      (event) => withData(event, { manifest: { ...MANIFEST, bucket: UPLOADS } }),
      `the event points to the bucket ${UPLOADS}, but the models are in ${ASSETS}`,
    ],
    [
      'a run with the event ID of another run',
      (event) => ({
        ...event,
        detail: { ...event.detail, metadata: { ...event.detail.metadata, eventId: 'mine' } },
      }),
      'mine is not the ID of "Model Stored" of the run',
    ],
    [
      'the manifest of another run',
      (event) => withData(event, { manifest: { bucket: ASSETS, key: manifestKey('a.png', 'a-1') } }),
      'is not the key of the manifest of the run',
    ],
    [
      'another file in place of the manifest',
      (event) =>
        withData(event, {
          manifest: { bucket: ASSETS, key: `uploads/${event.detail.metadata.runId}/manifest.json` },
        }),
      'is not the key of the manifest of the run',
    ],
    ['an event of another kind', () => sampleEvents().get('model-failed'), '"Model Failed" is not'],
    [
      'an event of another source',
      (event) => ({ ...event, source: 'aws.s3' }),
      'event.source is "aws.s3", not "meshdrop"',
    ],
    [
      'an event without assets',
      (event) => withData(event, { assets: undefined }),
      'event.detail.data.assets is missing',
    ],
    ['nothing at all', () => undefined, 'event is missing'],
  ])('%s', async (_, forged, sentence) => {
    const { add, event, entries } = await open();

    await expect(add(forged(event))).rejects.toThrow(sentence);

    expect(entries()).toEqual([]);
  });
});
