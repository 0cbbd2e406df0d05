import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { failure } from '../../../functions/contract/failures.ts';
import type { Asset } from '../../../functions/contract/asset.ts';
import { failedRecord, modelAsset, rejectedRecord, storedRecord } from '../records.ts';
import { toEvent } from '../../../functions/run/event.ts';
import { toManifest } from '../../../functions/run/manifest.ts';
import { eventSchemas, manifestSchema } from '../../../functions/contract/schemas.ts';

const manifest = { bucket: 'assets', key: 'models/chairs/oak.png/oak/manifest.json' };
const cases = [
  ['Model Stored', storedRecord()],
  ['Model Failed', failedRecord()],
  ['Upload Rejected', rejectedRecord()],
] as const;

describe.each(cases)('%s', (detailType, record) => {
  it('fits its schema and carries the stable id', () => {
    const event = toEvent(record, manifest);

    expect(event.detailType).toBe(detailType);
    expect(eventSchemas[detailType].parse(event.detail)).toEqual(event.detail);
    expect(event.detail.metadata).toEqual({
      schemaVersion: '1.0',
      eventId: createHash('sha256').update(`${record.runId}\n${detailType}`).digest('hex'),
      occurredAt: record.finishedAt,
      runId: record.runId,
    });
    expect(toEvent(record, manifest)).toEqual(event);
  });

  it('says nothing null and nothing undefined', () => {
    const { detail } = toEvent(record, manifest);

    expect(JSON.parse(JSON.stringify(detail))).toStrictEqual(detail);
    expect(JSON.stringify(detail)).not.toContain('null');
  });

  it('has a manifest that fits its schema', () => {
    const parsed = manifestSchema.parse(toManifest(record));

    expect(parsed).toMatchObject({
      status: record.phase,
      runId: record.runId,
      finishedAt: record.finishedAt,
    });
  });
});

it('tells of the stored model all that it takes to fetch and trust it', () => {
  const { detail } = toEvent(storedRecord(), manifest);

  expect(detail.data).toEqual({
    upload: storedRecord().upload,
    model: { id: 'model_tripo-v3-1-image-to-3d', parameters: storedRecord().parameters },
    job: {
      jobId: 'job_1',
      cu: 37.5,
      submittedAt: '2026-10-05T10:00:00.000Z',
      finishedAt: '2026-10-05T10:04:00.000Z',
    },
    assets: storedRecord().assets,
    manifest,
  });
});

it('tells of a failure in place of assets', () => {
  const { detail } = toEvent(failedRecord(), manifest);

  expect(detail.data).toMatchObject({ failure: failedRecord().failure, job: { jobId: 'job_1' } });
  expect(detail.data).not.toHaveProperty('assets');
});

it('never publishes the secrets of a signed URL', () => {
  const { reason } = failure('internal', 'see https://cdn.scenario.com/a.glb?Policy=x&Signature=secret and go');

  expect(reason).toBe('see https://cdn.scenario.com/a.glb?Policy=…&Signature=… and go');
});

describe('an event of very many files', () => {
  const MOST_BYTES = 200_000;
  /** The longest keys that S3 takes, in characters that JSON writes with six bytes each. */
  const assetsOf = (count: number): Asset[] =>
    Array.from({ length: count }, (_, n) => ({ ...modelAsset, key: `${'\u0001'.repeat(1_000)}${n}` }));
  const withAssets = (count: number) => ({ ...storedRecord(), assets: assetsOf(count) });
  const bytesOf = (detail: object) => Buffer.byteLength(JSON.stringify(detail));

  it('leaves them to the manifest and says how many they are', () => {
    const { detail } = toEvent(withAssets(500), manifest);

    expect(detail.data).toMatchObject({ assets: [], assetCount: 500, manifest, job: { jobId: 'job_1' } });
    expect(eventSchemas['Model Stored'].parse(detail)).toEqual(detail);
    expect(bytesOf(detail)).toBeLessThan(MOST_BYTES);
    expect(toManifest(withAssets(500)).assets).toHaveLength(500);
  });

  it('has all of them as long as they fit, and no count then', () => {
    const sizes = Array.from({ length: 60 }, (_, n) => toEvent(withAssets(n + 1), manifest).detail);

    const whole = sizes.filter(({ data }) => !('assetCount' in data));
    expect(Math.max(...sizes.map(bytesOf))).toBeLessThanOrEqual(MOST_BYTES);
    expect(Math.max(...whole.map(bytesOf))).toBeGreaterThan(MOST_BYTES * 0.9);
    expect(whole.length).toBeLessThan(sizes.length);
  });
});

describe('the manifest', () => {
  it('can be read from top to bottom, always in the same order', () => {
    const record = { ...failedRecord(), cu: 37.5, claimedAt: '2026-10-05T09:59:58.000Z' };
    const shuffled = Object.fromEntries(Object.entries(record).toReversed()) as typeof record;

    expect(Object.keys(toManifest(record))).toEqual([
      'schemaVersion',
      'status',
      'runId',
      'finishedAt',
      'failure',
      'upload',
      'model',
      'quote',
      'job',
      'timings',
      'assets',
    ]);
    expect(JSON.stringify(toManifest(shuffled))).toBe(JSON.stringify(toManifest(record)));
  });

  it('tells when each step was, as far as the record knows', () => {
    const known = { claimedAt: '2026-10-05T09:59:57.000Z', quotedAt: '2026-10-05T09:59:59.000Z' };
    const record = { ...storedRecord(), ...known, acceptedAt: '2026-10-05T10:00:01.000Z' };

    expect(toManifest(record).timings).toStrictEqual({
      ...known,
      submittedAt: '2026-10-05T10:00:00.000Z',
      acceptedAt: '2026-10-05T10:00:01.000Z',
      jobFinishedAt: '2026-10-05T10:04:00.000Z',
      finishedAt: '2026-10-05T10:05:00.000Z',
    });
    expect(Object.keys(toManifest(rejectedRecord()).timings ?? {})).toEqual(['finishedAt']);
  });

  it('has no times of a job that another run paid for', () => {
    const { timings } = toManifest({ ...storedRecord(), reusedFrom: 'elm-1' });

    expect(timings).toStrictEqual({ finishedAt: '2026-10-05T10:05:00.000Z' });
  });

  it('has what was quoted and what was charged', () => {
    expect(toManifest({ ...storedRecord(), cu: 40 })).toMatchObject({ quote: 37.5, job: { cu: 40 } });
  });

  it('of an earlier version, without times, is still one', () => {
    const { timings: _, quote: __, ...earlier } = toManifest(storedRecord());

    expect(manifestSchema.parse(earlier)).toEqual(earlier);
  });
});
