import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { eventOf, eventSchemas } from '../../../functions/shared/events.ts';
import { failure } from '../../../functions/shared/failure.ts';
import { manifestOf, manifestSchema } from '../../../functions/shared/manifest.ts';
import { failedRecord, rejectedRecord, storedRecord } from '../records.ts';

const manifest = { bucket: 'assets', key: 'models/chairs/oak.png/oak/manifest.json' };
const cases = [
  ['Model Stored', storedRecord()],
  ['Model Failed', failedRecord()],
  ['Upload Rejected', rejectedRecord()],
] as const;

describe.each(cases)('%s', (detailType, record) => {
  it('fits its schema and carries the stable id', () => {
    const event = eventOf(record, manifest);

    expect(event.detailType).toBe(detailType);
    expect(eventSchemas[detailType].parse(event.detail)).toEqual(event.detail);
    expect(event.detail.metadata).toEqual({
      schemaVersion: '1.0',
      eventId: createHash('sha256').update(`${record.runId}\n${detailType}`).digest('hex'),
      occurredAt: record.finishedAt,
      runId: record.runId,
    });
    expect(eventOf(record, manifest)).toEqual(event);
  });

  it('says nothing null and nothing undefined', () => {
    const { detail } = eventOf(record, manifest);

    expect(JSON.parse(JSON.stringify(detail))).toStrictEqual(detail);
    expect(JSON.stringify(detail)).not.toContain('null');
  });

  it('has a manifest that fits its schema', () => {
    const parsed = manifestSchema.parse(manifestOf(record));

    expect(parsed).toMatchObject({
      status: record.phase,
      runId: record.runId,
      finishedAt: record.finishedAt,
    });
  });
});

it('tells of the stored model all that it takes to fetch and trust it', () => {
  const { detail } = eventOf(storedRecord(), manifest);

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
  const { detail } = eventOf(failedRecord(), manifest);

  expect(detail.data).toMatchObject({ failure: failedRecord().failure, job: { jobId: 'job_1' } });
  expect(detail.data).not.toHaveProperty('assets');
});

it('never publishes the query of a signed URL', () => {
  const { reason } = failure(
    'internal',
    'see https://cdn.scenario.com/a.glb?Policy=x&Signature=secret and go',
  );

  expect(reason).toBe('see https://cdn.scenario.com/a.glb and go');
});
