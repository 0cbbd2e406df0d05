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

/** S3 with a stored model and its manifest in it, and the event that tells of it. */
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

/** The event with other data, as somebody might forge it. */
function withData(event: ModelStored, data: Partial<ModelStored['detail']['data']>): ModelStored {
  return { ...event, detail: { ...event.detail, data: { ...event.detail.data, ...data } } };
}

describe('the example consumer', () => {
  it('adds a model to the catalogue when its bytes are what the event says', async () => {
    const { add, event, entry, model } = await open();

    expect(await add(event)).toBe('added');

    expect(await entry()).toEqual({
      eventId: event.detail.metadata.eventId,
      runId: event.detail.metadata.runId,
      image: 'chairs/oak.png',
      model,
    });
  });

  it('drops a repeat, and changes nothing', async () => {
    const { add, event, entries, entry } = await open();
    await add(event);
    const before = await entry();

    expect(await add({ ...event, id: 'another delivery', time: '2026-12-24T18:00:00Z' })).toBe('repeated');

    expect(entries()).toHaveLength(1);
    expect(await entry()).toEqual(before);
  });

  it('adds once what comes twice at the same moment', async () => {
    const { add, event, entries } = await open();

    const results = await Promise.all([add(event), add(event), add(event)]);

    expect(results.toSorted()).toEqual(['added', 'repeated', 'repeated']);
    expect(entries()).toHaveLength(1);
  });

  it('reads the version that the event names, not what lies over it now', async () => {
    const { add, event, put } = await open();
    await put(ASSETS, modelAsset.key, 'somebody wrote over it');

    expect(await add(event)).toBe('added');
  });

  it('believes the manifest, whatever the event says of image and files', async () => {
    const { add, event, entry, model } = await open();
    const upload = { ...event.detail.data.upload, key: '../../anything' };
    const assets = [{ ...model, key: 'models/another/model.glb', sha256: 'f'.repeat(64) }];

    expect(await add(withData(event, { upload, assets }))).toBe('added');

    expect(await entry()).toMatchObject({ image: 'chairs/oak.png', model });
  });

  it('has all files when they are too many for the event', async () => {
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

  it('takes the event of a later minor version', async () => {
    const { add, event } = await open();
    const metadata = { ...event.detail.metadata, schemaVersion: '1.9' };
    const later = { ...event, detail: { ...event.detail, metadata, more: { of: 'later' } } };

    expect(await add(later)).toBe('added');
  });
});

describe('the example consumer refuses, with a sentence, and adds nothing:', () => {
  it.each<[string, (model: Asset) => Partial<RecordIn<'stored'>>, string]>([
    [
      'a model whose bytes are others',
      (model) => ({ assets: [{ ...model, sha256: 'f'.repeat(64) }] }),
      `not ${'f'.repeat(64)}`,
    ],
    ['a stored model without a model', (model) => ({ assets: [{ ...model, role: 'other' }] }), 'names none'],
  ])('%s', async (_, change, sentence) => {
    const { add, event, entries } = await open(change);

    await expect(add(event)).rejects.toThrow(sentence);

    expect(entries()).toEqual([]);
  });

  it.each<[string, (event: ModelStored) => unknown, string]>([
    [
      'a manifest in a bucket of somebody else',
      (event) => withData(event, { manifest: { ...MANIFEST, bucket: UPLOADS } }),
      `the event points to the bucket ${UPLOADS}; our models are in ${ASSETS}`,
    ],
    [
      'a run under an id that is not its own',
      (event) => ({
        ...event,
        detail: { ...event.detail, metadata: { ...event.detail.metadata, eventId: 'mine' } },
      }),
      'mine is not the id of "Model Stored" of the run',
    ],
    [
      'the manifest of another run',
      (event) => withData(event, { manifest: { bucket: ASSETS, key: manifestKey('a.png', 'a-1') } }),
      'is not where the manifest of the run',
    ],
    [
      'a file that is called a manifest',
      (event) =>
        withData(event, {
          manifest: { bucket: ASSETS, key: `uploads/${event.detail.metadata.runId}/manifest.json` },
        }),
      'is not where the manifest of the run',
    ],
    ['an event that it does not listen to', () => sampleEvents().get('model-failed'), '"Model Failed" is not'],
    [
      'an event of somebody else',
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
