import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { parseManifest } from '../../../functions/contract/event-reader.ts';
import { manifestSchema, type MeshdropEvent } from '../../../functions/contract/schemas.ts';
import { conclude, republish } from '../../../functions/run/conclude.ts';
import { manifestKey, recordKey } from '../../../functions/run/keys.ts';
import { toManifest } from '../../../functions/run/manifest.ts';
import {
  type FinalRecord,
  isFinal,
  type Kept,
  type RecordIn,
  recordSchema,
  type RunRecord,
} from '../../../functions/run/record.ts';
import { readClaim, rememberResult } from '../../../functions/run/result-index.ts';
import { createRuns } from '../../../functions/run/runs.ts';
import { readSpent, reserve } from '../../../functions/spending/day-ledger.ts';
import { ASSETS, openS3 } from '../s3-endpoint.ts';
import { mockedClients } from '../submission.ts';
import { openSweep } from '../sweeping.ts';
import { collectTelemetry } from '../telemetry-collector.ts';
import { START, virtualTime } from '../virtual-time.ts';

const folder = join(import.meta.dirname, '..', '..', 'fixtures', 'documents');
const files = globSync('*.json', { cwd: folder }).toSorted();
const document = z.record(z.string(), z.unknown());

/** A document as the previous version wrote it. */
function earlier(file: string): Record<string, unknown> {
  return document.parse(JSON.parse(readFileSync(join(folder, file), 'utf8')));
}

const recordFiles = files.filter((file) => file.startsWith('record-'));
const manifestFiles = files.filter((file) => file.startsWith('manifest-'));
const recordOf = (file: string) => earlier(file) as unknown as RunRecord;

/** As a newer minor version would have written it: with a field more in every object. */
function asNewer(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => asNewer(one));
  const fields = document.safeParse(value).data;
  if (!fields) return value;
  const newer: Record<string, unknown> = { fieldOfTomorrow: 'kept' };
  // The names of parameters are the model's: any may stand there.
  for (const [name, inner] of Object.entries(fields)) newer[name] = name === 'parameters' ? inner : asNewer(inner);
  return newer;
}

function newerRecordOf(file: string): RunRecord {
  return { ...(asNewer(earlier(file)) as RunRecord), schemaVersion: '1.9' };
}

/** Runs over the S3 endpoint. */
async function open() {
  const time = virtualTime();
  const s3 = await openS3(time.now);
  const events: MeshdropEvent[] = [];
  const env = { ASSET_BUCKET: ASSETS, EVENT_BUS_NAME: 'default' };
  const clients = { ...mockedClients(events), s3: s3.s3 };
  const runs = createRuns(env, clients, time, collectTelemetry().telemetry);

  /** Puts a record in S3 and reads it as a function does. */
  async function begin(record: RunRecord): Promise<Kept> {
    await s3.put(ASSETS, recordKey(record.runId), JSON.stringify(record));
    const standing = await runs.records.read(record.runId);
    if (!standing) throw new Error('there is no record');
    return standing;
  }

  return { s3, runs, events, begin };
}

it('there is a document of every kind, and a record of every phase', () => {
  const kinds = new Set(files.map((file) => file.replace('.json', '').split('-')[0]));
  const phases = new Set(recordFiles.map((file) => recordOf(file).phase));

  expect(kinds).toEqual(new Set(['record', 'ledger', 'progress', 'result', 'manifest']));
  expect(phases).toEqual(new Set(recordSchema.options.map(({ shape }) => shape.phase.value)));
});

describe('a record of the previous version', () => {
  it.each(recordFiles)('is understood as it is: %s', async (file) => {
    const { begin } = await open();

    const { record } = await begin(recordOf(file));

    expect(record).toEqual(earlier(file));
  });

  it.each(recordFiles)('can be written again without a loss: %s', async (file) => {
    const { s3, runs, begin } = await open();
    const { record, etag } = await begin(recordOf(file));

    await writeAgain({ record, etag }, runs.records);

    const written = await s3.json(recordKey(record.runId));
    expect(written).toEqual({ ...earlier(file), phase: phaseAfter(record), writtenBy: expect.any(String) as string });
    expect(written).not.toMatchObject({ writtenBy: record.writtenBy });
  });

  it.each(['stored', 'failed', 'rejected'])('that is %s still gives the same manifest', (status) => {
    const record = recordOf(`record-${status}.json`) as FinalRecord;

    expect(toManifest(record)).toEqual(earlier(`manifest-${status}.json`));
  });

  it.each(recordFiles.filter((file) => isFinal(recordOf(file))))(
    'that has ended is announced again, with a manifest: %s',
    async (file) => {
      const { s3, runs, events, begin } = await open();
      const { record } = await begin(recordOf(file));

      await republish(record.runId, runs);

      expect(events).toHaveLength(1);
      expect(manifestSchema.parse(await s3.json(manifestKey(record.upload.key, record.runId)))).toMatchObject({
        runId: record.runId,
        status: record.phase,
      });
    },
  );
});

describe('a record of a newer minor version', () => {
  it.each(recordFiles)('keeps its unknown fields when it is written again: %s', async (file) => {
    const { s3, runs, begin } = await open();
    const newer = newerRecordOf(file);
    const standing = await begin(newer);
    expect(standing.record).toEqual(newer);

    await writeAgain(standing, runs.records);

    expect(await s3.json(recordKey(newer.runId))).toEqual({
      ...newer,
      phase: phaseAfter(newer),
      writtenBy: expect.any(String) as string,
    });
  });

  it('keeps its unknown fields when it goes to another phase, and is published', async () => {
    const { s3, runs, events, begin } = await open();
    const newer = newerRecordOf('record-submitted.json') as RecordIn<'submitted'>;
    await begin(newer);
    const { assets } = recordOf('record-stored.json') as RecordIn<'stored'>;

    await conclude(newer, { phase: 'stored', assets, cu: 37.5 }, runs);

    expect(await s3.json(recordKey(newer.runId))).toMatchObject({
      schemaVersion: '1.9',
      phase: 'stored',
      fieldOfTomorrow: 'kept',
      upload: { fieldOfTomorrow: 'kept' },
      sends: [{ fieldOfTomorrow: 'kept' }],
    });
    expect(await s3.json(manifestKey(newer.upload.key, newer.runId))).toMatchObject({ status: 'stored' });
    expect(events).toMatchObject([{ detailType: 'Model Stored' }]);
  });

  it('cannot be read if its major version is another', async () => {
    const { begin } = await open();

    await expect(begin({ ...recordOf('record-claimed.json'), schemaVersion: '2.0' })).rejects.toMatchObject({
      name: 'DocumentUnreadableError',
    });
  });
});

describe('a manifest of the previous version', () => {
  it.each(manifestFiles)('is understood by the functions and by the readers of others: %s', (file) => {
    const manifest = earlier(file);

    expect(manifestSchema.parse(manifest)).toEqual(manifest);
    expect(parseManifest(manifest)).toEqual(manifest);
  });
});

describe('a ledger', () => {
  const LEDGER = 'control/ledger/2026-10-05.json';
  const day = { assetId: 'asset_another', at: START };

  it('of the previous version still counts', async () => {
    const { s3, runs } = await open();
    await s3.put(ASSETS, LEDGER, JSON.stringify(earlier('ledger.json')));

    expect(await readSpent(START, runs.documents)).toBe(37.5);
    expect(await reserve(day, 10, 47, runs.documents)).toBe(false);
    expect(await reserve(day, 10, 48, runs.documents)).toBe(true);
  });

  it('of a newer minor version keeps its unknown fields when it is written again', async () => {
    const { s3, runs } = await open();
    const newer = { ...earlier('ledger.json'), schemaVersion: '1.3', currency: { name: 'CU' } };
    await s3.put(ASSETS, LEDGER, JSON.stringify(newer));

    await reserve(day, 10, 100, runs.documents);

    const { open: others } = earlier('ledger.json');
    expect(await s3.json(LEDGER)).toEqual({ ...newer, open: { ...(others as object), asset_another: 10 } });
  });
});

describe('the progress of the sweep', () => {
  const PROGRESS = 'control/sweep.json';
  const { uploadBucket } = earlier('progress.json') as { uploadBucket: string };

  /** What a walk of this version adds: the upload waits. */
  const left = { open: [], waiting: [expect.any(String)], walkedAt: '2026-10-05T11:00:00.000Z' };

  async function sweepFrom(progress: object) {
    const world = await openSweep();
    world.s3.store.createBucket(uploadBucket, { versioned: true });
    await world.s3.put(ASSETS, PROGRESS, JSON.stringify(progress));
    await world.s3.put(uploadBucket, 'oak.png', 'lost');
    world.time.pass(3_600);
    await world.sweepOnce({ uploadBucket });
    return { waiting: world.waiting(), written: await world.s3.json(PROGRESS) };
  }

  it('of the previous version is continued', async () => {
    const { waiting, written } = await sweepFrom(earlier('progress.json'));

    expect(waiting).toEqual(['oak.png']);
    expect(written).toEqual({ schemaVersion: '1.0', uploadBucket, doneUntil: '2026-10-05T06:00:00.490Z', left });
  });

  it('of a newer minor version keeps its unknown fields when it is written again', async () => {
    const newer = { ...earlier('progress.json'), schemaVersion: '1.2', pace: { pages: 3 } };

    const { waiting, written } = await sweepFrom(newer);

    expect(waiting).toEqual(['oak.png']);
    expect(written).toEqual({ ...newer, doneUntil: '2026-10-05T06:00:00.490Z', left });
  });
});

describe('a result that can be reused', () => {
  /** A stored run whose files exist, and where its result is remembered. */
  async function openResult() {
    const { s3, runs, begin } = await open();
    const earlierRecord = recordOf('record-stored.json') as RecordIn<'stored'>;
    const assets = await Promise.all(
      earlierRecord.assets.map(async (asset) => {
        const { versionId } = await s3.put(ASSETS, asset.key, 'bytes');
        return { ...asset, versionId };
      }),
    );
    const { record } = await begin({ ...earlierRecord, assets });
    if (record.phase !== 'stored') throw new Error('not stored');
    await rememberResult(record, runs.documents);
    const key = s3.keys().find((one) => one.startsWith('results/')) ?? '';
    return { s3, runs, record, key };
  }

  it('is remembered as the previous version did', async () => {
    const { s3, key } = await openResult();

    expect(await s3.json(key)).toEqual(earlier('result.json'));
  });

  it('is found again, even if a newer minor version remembered it', async () => {
    const { s3, runs, record, key } = await openResult();
    await s3.put(ASSETS, key, JSON.stringify({ ...earlier('result.json'), schemaVersion: '1.4', score: 9 }));

    expect(await readClaim(record, runs.documents)).toMatchObject({ key, owner: { runId: record.runId } });
  });
});

/** `sending` alone is never written again: its age bounds what may still happen. */
function phaseAfter({ phase }: RunRecord): RunRecord['phase'] {
  return phase === 'sending' ? 'claimed' : phase;
}

/** Each other phase may be written again without a step. */
async function writeAgain(
  { record, etag }: Kept,
  records: Awaited<ReturnType<typeof open>>['runs']['records'],
): Promise<void> {
  if (isFinal(record)) await records.end({ record, etag }, record);
  else if (record.phase === 'claimed') await records.replace({ record, etag }, record);
  else if (record.phase === 'sending') await records.replace({ record, etag }, { ...record, phase: 'claimed' });
  else await records.replace({ record, etag }, record);
}
