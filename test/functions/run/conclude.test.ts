import { describe, expect, it } from 'vitest';
import { failure } from '../../../functions/contract/failures.ts';
import { collectTelemetry } from '../telemetry-collector.ts';
import {
  claimedRecord,
  failedRecord,
  modelAsset,
  rejectedRecord,
  sendingRecord,
  storedRecord,
  submittedRecord,
} from '../records.ts';
import { ASSETS, openS3 } from '../s3-endpoint.ts';
import { mockedClients } from '../submission.ts';
import { virtualTime } from '../virtual-time.ts';
import { createRuns } from '../../../functions/run/runs.ts';
import { toManifest } from '../../../functions/run/manifest.ts';
import { conclude, type Outcome, republish } from '../../../functions/run/conclude.ts';
import { createRecordStore, isFinal, type RunRecord, type Unclaimed } from '../../../functions/run/record.ts';
import { manifestSchema, type MeshdropEvent } from '../../../functions/contract/schemas.ts';
import { manifestKey, recordKey } from '../../../functions/run/keys.ts';

const { runId, upload } = claimedRecord();
const MANIFEST = manifestKey(upload.key, runId);
const stored: Outcome = { phase: 'stored', assets: [modelAsset], cu: 40 };
const failed: Outcome = { phase: 'failed', failure: failure('aborted', 'stopped') };
const rejected: Outcome = { phase: 'rejected', failure: failure('empty', 'nothing there') };

async function open(standing?: RunRecord) {
  const time = virtualTime();
  const s3 = await openS3(time.now);
  const events: MeshdropEvent[] = [];
  const { telemetry, counts } = collectTelemetry();
  const env = { ASSET_BUCKET: ASSETS, EVENT_BUS_NAME: 'default' };
  const runs = createRuns(env, { ...mockedClients(events), s3: s3.s3 }, time, telemetry);
  const { documents } = runs;
  if (standing) await documents.write(recordKey(runId), standing);
  const phase = async () => (await runs.records.read(runId))?.record.phase;
  const manifest = async () => manifestSchema.parse((await documents.read(MANIFEST))?.value);
  return { runs, events, counts, s3, phase, manifest, documents };
}

describe('what a run may become', () => {
  it.each([
    ['submitted', 'stored', stored, submittedRecord()],
    ['failed', 'stored', stored, failedRecord()],
    ['none', 'failed', failed, undefined],
    ['claimed', 'failed', failed, claimedRecord()],
    ['submitted', 'failed', failed, submittedRecord()],
    ['none', 'rejected', rejected, undefined],
    ['claimed', 'rejected', rejected, claimedRecord()],
  ] as const)('from %s it may become %s', async (_, __, outcome, standing) => {
    const { runs, events, phase, manifest } = await open(standing);

    const record = await conclude(standing ?? claimedRecord(), outcome, runs);

    expect(record?.phase).toBe(outcome.phase);
    expect(await phase()).toBe(outcome.phase);
    expect(await manifest()).toMatchObject({ status: outcome.phase, finishedAt: '2026-10-05T10:00:00.000Z' });
    expect(events).toHaveLength(1);
  });

  it.each([
    ['stored', failed, storedRecord()],
    ['stored', rejected, storedRecord()],
    ['rejected', failed, rejectedRecord()],
    ['rejected', stored, rejectedRecord()],
    ['failed', rejected, failedRecord()],
    ['failed', failed, failedRecord()],
  ] as const)(
    'a run that is %s stays so whatever comes, and is announced as it is',
    async (phase, outcome, standing) => {
      const world = await open(standing);

      await conclude(standing, outcome, world.runs);

      expect(await world.phase()).toBe(phase);
      expect((await world.runs.records.read(runId))?.record).toMatchObject({
        finishedAt: standing.finishedAt,
      });
      expect(await world.manifest()).toEqual(toManifest(standing));
      expect(world.counts).toEqual([]);
      expect(world.events).toHaveLength(1);
    },
  );

  it.each([
    ['sending', 'failed', failed, sendingRecord()],
    ['sending', 'rejected', rejected, sendingRecord()],
    ['sending', 'stored', stored, sendingRecord()],
    ['submitted', 'rejected', rejected, submittedRecord()],
    ['claimed', 'stored', stored, claimedRecord()],
  ] as const)('a run that is %s does not become %s', async (phase, _, outcome, standing) => {
    const world = await open(standing);

    expect(await conclude(standing, outcome, world.runs)).toBeUndefined();

    expect(await world.phase()).toBe(phase);
    expect(world.events).toEqual([]);
    expect(world.s3.keys().some((key) => key.startsWith('models/'))).toBe(false);
  });
});

describe('a conclusion', () => {
  it('comes in the order record, manifest, index for reuse, event, and the note that it was announced', async () => {
    const { runs, s3 } = await open(submittedRecord());
    const order: string[] = [];
    const write: typeof runs.documents.write = async (key, value, replacing) => {
      order.push(key === MANIFEST ? 'manifest' : (key.split('/')[0] ?? ''));
      return await runs.documents.write(key, value, replacing);
    };
    const documents = { ...runs.documents, write };
    const announce = async () => void order.push('event');

    await conclude(submittedRecord(), stored, {
      ...runs,
      documents,
      records: createRecordStore(documents),
      announce,
    });

    expect(order).toEqual(['runs', 'manifest', 'results', 'event', 'runs']);
    expect(s3.keys()).toContain(MANIFEST);
  });

  it('given twice writes one manifest and gives the same event', async () => {
    const { runs, events, s3 } = await open(submittedRecord());

    await conclude(submittedRecord(), stored, runs);
    await conclude(submittedRecord(), stored, runs);

    expect(events).toHaveLength(2);
    expect(events[0]).toEqual(events[1]);
    expect(await s3.versionCount(MANIFEST)).toBe(1);
  });

  it('counts what was stored, spent and how long it took', async () => {
    const { runs, counts } = await open(submittedRecord());

    await conclude(submittedRecord(), stored, runs);

    expect(counts).toEqual([
      ['Stored', 1],
      ['CuSpent', 40],
      // The quote was 37.5.
      ['AboveQuote', 1],
      ['GenerationSeconds', 0],
    ]);
  });

  it('of a failed run that was stored after all leaves no failure behind', async () => {
    const { runs, manifest } = await open(failedRecord());

    await conclude(failedRecord(), stored, runs);

    expect(await manifest()).toMatchObject({ status: 'stored', assets: [modelAsset], job: { cu: 40 } });
    expect(await manifest()).not.toHaveProperty('failure');
  });

  it('throws when the bus refuses, and can be given again', async () => {
    const { runs, events } = await open(submittedRecord());
    const announce = async () => {
      throw new Error('refused');
    };

    await expect(conclude(submittedRecord(), stored, { ...runs, announce })).rejects.toThrow('refused');
    await republish(runId, runs);

    expect(events).toMatchObject([{ detailType: 'Model Stored' }]);
  });
});

describe('what is known of the upload', () => {
  const { bucket, key, versionId } = upload;
  const announced = { bucket, key, ...(versionId !== undefined && { versionId }) };

  it('is kept when the run is given up by somebody who has not read it', async () => {
    const { runs, manifest } = await open(claimedRecord());
    const unread: Unclaimed = { schemaVersion: '1.0', runId, upload: announced, sends: [], attempts: 0 };

    await conclude(unread, failed, runs);

    expect((await manifest()).upload).toEqual(upload);
    expect((await manifest()).model).toHaveProperty('parameters');
  });

  it('is added when the claim did not know it', async () => {
    const { runs, manifest } = await open({ ...claimedRecord(), upload: announced });

    await conclude(claimedRecord(), rejected, runs);

    expect((await manifest()).upload).toEqual(upload);
  });
});

describe('two conclusions at once', () => {
  it('of storing and failing leave a stored run that is announced', async () => {
    const { runs, events, phase, manifest } = await open(submittedRecord());

    await Promise.all([conclude(submittedRecord(), stored, runs), conclude(submittedRecord(), failed, runs)]);

    expect(await phase()).toBe('stored');
    expect((await manifest()).status).toBe('stored');
    expect(events.map(({ detailType }) => detailType)).toContain('Model Stored');
  });

  it('never leave an older manifest over a newer one', async () => {
    const { runs, manifest, phase } = await open(submittedRecord());
    // The failing one is about to write its manifest when the storing one does everything.
    let interfered = false;
    const write: typeof runs.documents.write = async (key, value, replacing) => {
      if (key === MANIFEST && !interfered) {
        interfered = true;
        await conclude(submittedRecord(), stored, runs);
      }
      return await runs.documents.write(key, value, replacing);
    };

    const published = await conclude(submittedRecord(), failed, {
      ...runs,
      documents: { ...runs.documents, write },
    });

    expect(await phase()).toBe('stored');
    expect((await manifest()).status).toBe('stored');
    expect(published?.phase).toBe('stored');
  });

  it('never write an older record over a manifest that came after it', async () => {
    const { runs, manifest } = await open(failedRecord());
    // Right after the record was read to be written down, the run is stored, manifest and all.
    let reads = 0;
    const read: typeof runs.records.read = async (id) => {
      const kept = await runs.records.read(id);
      reads += 1;
      if (reads === 2) await conclude(failedRecord(), stored, runs);
      return kept;
    };

    await republish(runId, { ...runs, records: { ...runs.records, read } });

    expect((await manifest()).status).toBe('stored');
  });

  it('of the same kind end in one state, whatever the order', async () => {
    const { runs, events } = await open(submittedRecord());

    await Promise.all([1, 2, 3].map(() => conclude(submittedRecord(), stored, runs)));

    const record = (await runs.records.read(runId))?.record;
    expect(record && isFinal(record)).toBe(true);
    expect(new Set(events.map(({ detail }) => JSON.stringify(detail))).size).toBe(1);
  });
});

it('a run that has not ended is not published', async () => {
  const { runs, events } = await open(submittedRecord());

  expect(await republish(runId, runs)).toBeUndefined();
  expect(events).toEqual([]);
});
