import { describe, expect, it } from 'vitest';
import {
  answer,
  type AnswerTools,
  type Outcome,
  publish,
  type Unclaimed,
} from '../../../functions/run/conclude.ts';
import type { MeshdropEvent } from '../../../functions/run/event.ts';
import { failure } from '../../../functions/contract/failures.ts';
import { createJsonObjects } from '../../../functions/platform/json-store.ts';
import { manifestOf, manifestSchema } from '../../../functions/run/manifest.ts';
import { createRecords, isFinal, type RunRecord } from '../../../functions/run/record.ts';
import { manifestKey } from '../../../functions/run/upload.ts';
import { collectObserved } from '../observed-collector.ts';
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
import { virtualTime } from '../virtual-time.ts';

const { runId, upload } = claimedRecord();
const MANIFEST = manifestKey(upload.key, runId);
const stored: Outcome = { phase: 'stored', assets: [modelAsset], cu: 40 };
const failed: Outcome = { phase: 'failed', failure: failure('aborted', 'stopped') };
const rejected: Outcome = { phase: 'rejected', failure: failure('empty', 'nothing there') };

async function open(standing?: RunRecord) {
  const time = virtualTime();
  const s3 = await openS3(time.now);
  const objects = createJsonObjects(s3.s3, ASSETS);
  const events: MeshdropEvent[] = [];
  const { count, counts } = collectObserved();
  const tools: AnswerTools = {
    records: createRecords(objects),
    objects,
    assetBucket: ASSETS,
    announce: async (event) => void events.push(event),
    count,
    now: time.now,
  };
  if (standing) await tools.records.write(standing, undefined);
  const phase = async () => (await tools.records.read(runId))?.record.phase;
  const manifest = async () => manifestSchema.parse((await objects.read(MANIFEST))?.value);
  return { tools, events, counts, s3, phase, manifest, objects };
}

describe('what a run may become', () => {
  it.each([
    ['submitted', stored, submittedRecord()],
    ['failed', stored, failedRecord()],
    ['none', failed, undefined],
    ['claimed', failed, claimedRecord()],
    ['submitted', failed, submittedRecord()],
    ['none', rejected, undefined],
    ['claimed', rejected, claimedRecord()],
  ] as const)('from %s it may become %o', async (_, outcome, standing) => {
    const { tools, events, phase, manifest } = await open(standing);

    const record = await answer(standing ?? claimedRecord(), outcome, tools);

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

      await answer(standing, outcome, world.tools);

      expect(await world.phase()).toBe(phase);
      expect((await world.tools.records.read(runId))?.record).toMatchObject({
        finishedAt: standing.finishedAt,
      });
      expect(await world.manifest()).toEqual(manifestOf(standing));
      expect(world.counts).toEqual([]);
      expect(world.events).toHaveLength(1);
    },
  );

  it.each([
    ['sending', failed, sendingRecord()],
    ['sending', rejected, sendingRecord()],
    ['sending', stored, sendingRecord()],
    ['submitted', rejected, submittedRecord()],
    ['claimed', stored, claimedRecord()],
  ] as const)('a run that is %s is not ended by %o', async (phase, outcome, standing) => {
    const world = await open(standing);

    expect(await answer(standing, outcome, world.tools)).toBeUndefined();

    expect(await world.phase()).toBe(phase);
    expect(world.events).toEqual([]);
    expect(world.s3.keys().some((key) => key.startsWith('models/'))).toBe(false);
  });
});

describe('an answer', () => {
  it('comes in the order record, manifest, what is kept of it for later runs, event, and the note that it was announced', async () => {
    const { tools, s3 } = await open(submittedRecord());
    const order: string[] = [];
    const write: typeof tools.objects.write = async (key, value, replacing) => {
      order.push(key === MANIFEST ? 'manifest' : (key.split('/')[0] ?? ''));
      return await tools.objects.write(key, value, replacing);
    };
    const objects = { ...tools.objects, write };
    const announce = async () => void order.push('event');

    await answer(submittedRecord(), stored, { ...tools, objects, records: createRecords(objects), announce });

    expect(order).toEqual(['runs', 'manifest', 'results', 'event', 'runs']);
    expect(s3.keys()).toContain(MANIFEST);
  });

  it('given twice writes one manifest and gives the same event', async () => {
    const { tools, events, s3 } = await open(submittedRecord());

    await answer(submittedRecord(), stored, tools);
    await answer(submittedRecord(), stored, tools);

    expect(events).toHaveLength(2);
    expect(events[0]).toEqual(events[1]);
    expect(await s3.versionCount(MANIFEST)).toBe(1);
  });

  it('counts what was stored, spent and how long it took', async () => {
    const { tools, counts } = await open(submittedRecord());

    await answer(submittedRecord(), stored, tools);

    expect(counts).toEqual([
      ['Stored', 1],
      ['CuSpent', 40],
      ['GenerationSeconds', 0],
    ]);
  });

  it('of a failed run that was stored after all leaves no failure behind', async () => {
    const { tools, manifest } = await open(failedRecord());

    await answer(failedRecord(), stored, tools);

    expect(await manifest()).toMatchObject({ status: 'stored', assets: [modelAsset], job: { cu: 40 } });
    expect(await manifest()).not.toHaveProperty('failure');
  });

  it('throws when the bus refuses, and can be given again', async () => {
    const { tools, events } = await open(submittedRecord());
    const announce = async () => {
      throw new Error('refused');
    };

    await expect(answer(submittedRecord(), stored, { ...tools, announce })).rejects.toThrow('refused');
    await publish(runId, tools);

    expect(events).toMatchObject([{ detailType: 'Model Stored' }]);
  });
});

describe('what is known of the upload', () => {
  const { bucket, key, versionId } = upload;
  const announced = { bucket, key, ...(versionId !== undefined && { versionId }) };

  it('is kept when the run is given up by somebody who has not read it', async () => {
    const { tools, manifest } = await open(claimedRecord());
    const unread: Unclaimed = { schemaVersion: '1.0', runId, upload: announced, sends: [], attempts: 0 };

    await answer(unread, failed, tools);

    expect((await manifest()).upload).toEqual(upload);
    expect((await manifest()).model).toHaveProperty('parameters');
  });

  it('is added when the claim did not know it', async () => {
    const { tools, manifest } = await open({ ...claimedRecord(), upload: announced });

    await answer(claimedRecord(), rejected, tools);

    expect((await manifest()).upload).toEqual(upload);
  });
});

describe('two answers at once', () => {
  it('of storing and failing leave a stored run that is announced', async () => {
    const { tools, events, phase, manifest } = await open(submittedRecord());

    await Promise.all([answer(submittedRecord(), stored, tools), answer(submittedRecord(), failed, tools)]);

    expect(await phase()).toBe('stored');
    expect((await manifest()).status).toBe('stored');
    expect(events.map(({ detailType }) => detailType)).toContain('Model Stored');
  });

  it('never leave an older manifest over a newer one', async () => {
    const { tools, manifest, phase } = await open(submittedRecord());
    // The failing one is about to write its manifest when the storing one does everything.
    let interfered = false;
    const write: typeof tools.objects.write = async (key, value, replacing) => {
      if (key === MANIFEST && !interfered) {
        interfered = true;
        await answer(submittedRecord(), stored, tools);
      }
      return await tools.objects.write(key, value, replacing);
    };

    const published = await answer(submittedRecord(), failed, {
      ...tools,
      objects: { ...tools.objects, write },
    });

    expect(await phase()).toBe('stored');
    expect((await manifest()).status).toBe('stored');
    expect(published?.phase).toBe('stored');
  });

  it('never write an older record over a manifest that came after it', async () => {
    const { tools, manifest } = await open(failedRecord());
    // Right after the record was read to be written down, the run is stored, manifest and all.
    let reads = 0;
    const read: typeof tools.records.read = async (id) => {
      const kept = await tools.records.read(id);
      reads += 1;
      if (reads === 2) await answer(failedRecord(), stored, tools);
      return kept;
    };

    await publish(runId, { ...tools, records: { ...tools.records, read } });

    expect((await manifest()).status).toBe('stored');
  });

  it('of the same kind end in one state, whatever the order', async () => {
    const { tools, events } = await open(submittedRecord());

    await Promise.all([1, 2, 3].map(() => answer(submittedRecord(), stored, tools)));

    const record = (await tools.records.read(runId))?.record;
    expect(record && isFinal(record)).toBe(true);
    expect(new Set(events.map(({ detail }) => JSON.stringify(detail))).size).toBe(1);
  });
});

it('a run that has not ended is not published', async () => {
  const { tools, events } = await open(submittedRecord());

  expect(await publish(runId, tools)).toBeUndefined();
  expect(events).toEqual([]);
});
