import { createHash } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { Context, SQSRecord } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import type { Asset } from '../../../functions/contract/asset.ts';
import { eventSchemas, type MeshdropEvent, renditionsSchema } from '../../../functions/contract/schemas.ts';
import type { RenditionsOrder } from '../../../functions/make-renditions/make-in-thread.ts';
import { createMakeRenditions } from '../../../functions/make-renditions/make-renditions.ts';
import { toEvent } from '../../../functions/run/event.ts';
import { assetFolder, manifestKey } from '../../../functions/run/keys.ts';
import type { RecordIn } from '../../../functions/run/record.ts';
import { orderMessage } from '../../../functions/run/stored-model.ts';
import { makeHere } from '../make-here.ts';
import { modelAsset, storedRecord } from '../records.ts';
import { ASSETS, openS3 } from '../s3-endpoint.ts';
import { mockedClients } from '../submission.ts';
import { collectTelemetry } from '../telemetry-collector.ts';
import { virtualTime } from '../virtual-time.ts';

const settings = { names: ['web', 'poster'], maxTriangles: 100_000, maxBytes: 5_000_000, background: '#102030' };
const MODEL = Buffer.from('the bytes of a model');
const PREVIEW = Buffer.from('the bytes of a preview');
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

type Stored = RecordIn<'stored'>;

async function openStudio(make = makeHere) {
  const time = virtualTime();
  const s3 = await openS3(time.now);
  const events: MeshdropEvent[] = [];
  const { telemetry, lines, counts } = collectTelemetry();
  const orders: RenditionsOrder[] = [];
  const { versionId } = await s3.put(ASSETS, modelAsset.key, MODEL);
  const model: Asset = { ...modelAsset, bucket: ASSETS, versionId, bytes: MODEL.length, sha256: sha256(MODEL) };
  const functionOf = (changed: object = {}) =>
    createMakeRenditions(
      {
        ASSET_BUCKET: ASSETS,
        EVENT_BUS_NAME: 'default',
        RENDITION_SETTINGS: JSON.stringify({ ...settings, ...changed }),
      },
      {
        ...mockedClients(events),
        s3: s3.s3,
        make: (order) => {
          orders.push(order);
          return make(order);
        },
      },
      time,
      { telemetry },
    );

  async function send(change: (stored: Stored) => Partial<Stored> = () => ({}), changed: object = {}, receives = 1) {
    const whole = { ...storedRecord(), assets: [model] };
    const record: Stored = { ...whole, ...change(whole) };
    const { key } = record.upload;
    const event = toEvent(record, { bucket: ASSETS, key: manifestKey(key, record.runId) });
    const { detailType, detail } = event;
    const isAgain = changed === AGAIN;
    const body = isAgain
      ? orderMessage(event)
      : JSON.stringify({ source: 'meshdrop', 'detail-type': detailType, detail });
    const attributes = { ApproximateReceiveCount: String(receives) };
    const message = { messageId: 'm1', body, attributes } as SQSRecord;
    const { batchItemFailures } = await functionOf(isAgain ? {} : changed)({ Records: [message] }, {} as Context);
    return batchItemFailures;
  }

  const folder = assetFolder(storedRecord().upload.key, storedRecord().runId);
  const document = async (at = folder) => renditionsSchema.parse(await s3.json(`${at}renditions.json`));
  const made = () => events.filter(({ detailType }) => detailType === 'Renditions Stored');
  return { ...s3, send, document, events: made, orders, model, folder, lines, counts };
}

/** An operator asks for files that are missing. */
const AGAIN = { again: true };

describe('the renditions of a stored model', () => {
  it('are written beside it, then described in renditions.json, then announced', async () => {
    const { send, document, events, keys, bytes, folder, model, orders } = await openStudio();

    expect(await send()).toEqual([]);

    const { files, source, missing } = await document();
    expect(keys()).toEqual([model.key, `${folder}oak.poster.webp`, `${folder}oak.web.glb`, `${folder}renditions.json`]);
    expect(source).toEqual({ key: model.key, versionId: model.versionId, sha256: model.sha256 });
    for (const { key, versionId, sha256: hash } of files) expect(sha256(await bytes(key, versionId))).toBe(hash);
    expect(missing).toEqual([]);
    expect(orders[0]?.glb).toEqual(new Uint8Array(MODEL));
    expect(orders[0]?.wish).toMatchObject({
      background: [16, 32, 48],
      isReal: false,
      provenance: { runId: storedRecord().runId },
    });
    const [event] = events();
    expect(eventSchemas['Renditions Stored'].parse(event?.detail)).toMatchObject({
      metadata: { runId: storedRecord().runId },
      data: { files, source, renditions: { bucket: ASSETS, key: `${folder}renditions.json` } },
    });
  });

  it('leave the model as it is', async () => {
    const { send, versionCount, bytes, model } = await openStudio();

    await send();

    expect(await versionCount(model.key)).toBe(1);
    expect(await bytes(model.key)).toEqual(MODEL);
  });

  it('never replace a file that is paid for, even if it has the name of a rendition', async () => {
    const { send, bytes, put, document, model, folder } = await openStudio();
    const usdz = { ...model, role: 'other', key: `${folder}oak.usdz` } as const;
    await put(ASSETS, usdz.key, 'paid for');

    await send(() => ({ assets: [model, usdz] }), { names: ['ar'] });

    expect((await bytes(usdz.key)).toString()).toBe('paid for');
    expect((await document()).files.map(({ key }) => key)).toEqual([`${folder}oak.rendition.usdz`]);
  });

  it('are only announced again, with the same event, if they are there', async () => {
    const { send, events, orders, versionCount, folder } = await openStudio();

    await send();
    await send();

    expect(orders).toHaveLength(1);
    expect(await versionCount(`${folder}oak.web.glb`)).toBe(1);
    expect(events()).toHaveLength(2);
    expect(events()[1]).toEqual(events()[0]);
  });

  it('are made again after the settings have changed, under the same keys and with another event ID', async () => {
    const { send, events, orders, keys } = await openStudio();

    await send();
    const before = keys();
    await send(undefined, { maxTriangles: 5_000 });

    expect(orders.map(({ wish }) => wish.maxTriangles)).toEqual([100_000, 5_000]);
    expect(keys()).toEqual(before);
    expect(new Set(events().map(({ detail }) => detail.metadata.eventId)).size).toBe(2);
  });

  it('have the height that the upload asks for, and the real size if the generator knows it', async () => {
    const { send, orders } = await openStudio();

    await send(({ upload, parameters }) => ({
      upload: { ...upload, metadata: { 'meshdrop-height': '85cm' } },
      parameters: { ...parameters, autoSize: true },
    }));

    expect(orders[0]?.wish).toMatchObject({ height: 0.85, isReal: true });
  });

  it('are those of the earlier run if a run reuses its model', async () => {
    const { send, document, events, orders, folder } = await openStudio();
    await send();

    await send(() => ({ runId: 'other-run', reusedFrom: storedRecord().runId }));

    expect(orders).toHaveLength(1);
    const [first, second] = events();
    expect(second?.detail).toMatchObject({
      metadata: { runId: 'other-run' },
      data: {
        files: (await document()).files.map(({ facts: _, ...file }) => file),
        renditions: { key: `${folder}renditions.json` },
      },
    });
    expect(second?.detail.metadata.eventId).not.toBe(first?.detail.metadata.eventId);
  });

  it('are its own, in its own folder, if a run reuses a model with another height', async () => {
    const { send, document, orders, folder } = await openStudio();
    await send();

    await send(({ upload }) => ({
      runId: 'other-run',
      reusedFrom: storedRecord().runId,
      upload: { ...upload, metadata: { 'meshdrop-height': '2m' } },
    }));

    expect(orders).toHaveLength(2);
    const own = folder.replace(storedRecord().runId, 'other-run');
    expect((await document(own)).files[0]?.key).toMatch(own);
  });
});

describe('renditions that cannot be made', () => {
  it.each<[string, (model: Asset) => Partial<Asset>, string]>([
    ['an FBX', () => ({ contentType: 'application/octet-stream' }), 'cannot be read, only GLB files'],
    ['a very large file', () => ({ bytes: 200_000_001 }), 'larger than 200,000,000 bytes'],
    ['a file that is gone', () => ({ key: 'models/gone.glb' }), 'the file of the model is gone'],
    ['other bytes', () => ({ sha256: 'ab' }), 'not the one that was announced'],
  ])('end in an answer with the reason, and never in silence: %s', async (_, change, reason) => {
    const { send, document, events, model } = await openStudio();

    expect(await send(() => ({ assets: [{ ...model, ...change(model) }] }))).toEqual([]);

    const { files, missing } = await document();
    expect(files).toEqual([]);
    expect(missing.map(({ role }) => role)).toEqual(['web', 'poster']);
    expect(missing[0]?.reason).toContain(reason);
    expect(events()).toHaveLength(1);
  });

  it('get the preview, which can become the poster', async () => {
    const { send, put, orders, model } = await openStudio();
    const { versionId } = await put(ASSETS, 'models/preview.webp', PREVIEW);
    const preview: Asset = { ...model, role: 'preview', key: 'models/preview.webp', versionId, bytes: PREVIEW.length };

    await send(() => ({ assets: [{ ...model, bytes: 300_000_000 }, preview] }));

    expect(Buffer.from(orders[0]?.wish.preview ?? [])).toEqual(PREVIEW);
  });

  it('are given up after the function has died three times, and an operator can ask for them again', async () => {
    const { send, document, orders } = await openStudio();

    await send(undefined, {}, 4);
    expect((await document()).missing[0]?.reason).toBe('making them failed 3 times');
    await send();
    expect(orders).toHaveLength(1);
    await send(undefined, AGAIN);

    expect(orders[1]?.glb).toBeDefined();
    expect((await document()).missing).toEqual([]);
  });

  it('go back to the queue while S3 refuses to keep them, and nothing is announced', async () => {
    const { send, events, s3, keys, model } = await openStudio();
    s3.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName === PutObjectCommand.name)
            throw Object.assign(new Error('slow down'), { name: 'SlowDown', $metadata: {} });
          return next(args);
        },
      { step: 'initialize', name: 'slow' },
    );

    expect(await send()).toEqual([{ itemIdentifier: 'm1' }]);

    expect(events()).toEqual([]);
    expect(keys()).toEqual([model.key]);
  });
});
