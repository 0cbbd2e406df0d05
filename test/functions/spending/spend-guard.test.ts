import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import type { FailureCode } from '../../../functions/contract/failures.ts';
import { createSpendGuard, PAUSE_KEY } from '../../../functions/spending/spend-guard.ts';
import { ASSETS, UPLOADS } from '../s3-endpoint.ts';
import { KEY, openSubmission, type OpenSubmission } from '../submission.ts';
import { conclude } from '../../../functions/run/conclude.ts';
import type { JsonStore } from '../../../functions/platform/json-store.ts';

const LEDGER = 'control/ledger/2026-10-05.json';
/** What a model with the default parameters costs at the stand-in. */
const CU = 37.5;

async function pause({ s3 }: OpenSubmission, Body = '') {
  await s3.s3.send(new PutObjectCommand({ Bucket: ASSETS, Key: PAUSE_KEY, Body: Buffer.from(Body) }));
}

async function goOn({ s3 }: OpenSubmission) {
  await s3.s3.send(new DeleteObjectCommand({ Bucket: ASSETS, Key: PAUSE_KEY }));
}

/** The ledger of the first day: what is settled, and the compute units of each open send. */
async function ledger({ documents }: OpenSubmission): Promise<{ settled: number; open: readonly number[] }> {
  const kept = (await documents.read(LEDGER))?.value as { settled: number; open: Record<string, number> } | undefined;
  return { settled: kept?.settled ?? 0, open: Object.values(kept?.open ?? {}) };
}

function limit(world: OpenSubmission, maxCuPerDay: number, objects: JsonStore = world.documents) {
  return { spendGuard: createSpendGuard(objects, maxCuPerDay) };
}

describe('while submissions are paused', () => {
  it.each(['', '{"why":"budget"}', 'no json'])(
    'nothing reaches Scenario, and what waits goes on once the object is gone (it holds "%s")',
    async (content) => {
      const world = await openSubmission();
      const { upload, runId } = await world.drop();
      await pause(world, content);

      await expect(world.submit(upload)).rejects.toMatchObject({ name: 'TryLaterError', inSeconds: 0 });

      expect(world.requests()).toEqual({});
      expect(await world.record(runId)).toMatchObject({ phase: 'claimed', attempts: 0, sends: [] });
      expect(world.counts).toContainEqual(['Paused', 1]);
      expect(world.events).toEqual([]);

      await goOn(world);
      await world.submit(upload);

      expect(world.jobs()).toHaveLength(1);
    },
  );

  it('nothing is paid even when the pause came after the price was asked', async () => {
    const world = await openSubmission();
    const { upload } = await world.drop();
    const quote: typeof world.scenario.quote = async (input) => {
      await pause(world);
      return await world.scenario.quote(input);
    };

    await expect(world.submit(upload, { scenario: { ...world.scenario, quote } })).rejects.toThrow(/paused/);

    expect(world.requests()).not.toHaveProperty('generate');
  });

  it('waits inside the invocation, and pays there when the pause is short', async () => {
    const world = await openSubmission();
    const { upload } = await world.drop();
    await pause(world);
    const sleep = async (ms: number) => {
      await world.time.sleep(ms);
      await goOn(world);
    };

    await world.submit(upload, { clock: { ...world.time, sleep } });

    expect(world.time.slept).toEqual([10_000]);
    expect(world.jobs()).toHaveLength(1);
  });

  it('a file that is not an image is rejected anyway', async () => {
    const world = await openSubmission();
    const { upload, runId } = await world.drop({}, KEY, 'hello');
    await pause(world);

    await world.submit(upload);

    expect(await world.record(runId)).toMatchObject({ phase: 'rejected' });
    expect(world.time.slept).toEqual([]);
  });
});

describe('the limit of a day', () => {
  it('lets through what fits exactly, and holds the next before anything of it reaches Scenario', async () => {
    const world = await openSubmission();
    const day = limit(world, 2 * CU);
    for (const key of ['a.png', 'b.png']) await world.submit((await world.drop({}, key)).upload, day);
    const { upload, runId } = await world.drop({}, 'c.png');

    await expect(world.submit(upload, day)).rejects.toMatchObject({ name: 'TryLaterError', inSeconds: 0 });

    expect(world.jobs()).toHaveLength(2);
    expect(world.requests()).toMatchObject({ createAsset: 2, dryRun: 1, generate: 2 });
    expect(await world.record(runId)).toMatchObject({ phase: 'claimed', attempts: 0 });
    expect(world.counts).toContainEqual(['OverDailyLimit', 1]);
    expect(await ledger(world)).toEqual({ settled: 0, open: [CU, CU] });
  });

  it('holds what would exceed it a little, and lets a cheaper one through', async () => {
    const world = await openSubmission();
    const day = limit(world, 2 * CU - 1);
    await world.submit((await world.drop({}, 'a.png')).upload, day);
    const dear = await world.drop({}, 'b.png');
    const cheap = await world.drop({ 'tripo-texture': 'false' }, 'c.png');

    await expect(world.submit(dear.upload, day)).rejects.toThrow(/compute units of today/);
    await world.submit(cheap.upload, day);

    expect(world.jobs()).toHaveLength(2);
    expect(await world.record(cheap.runId)).toMatchObject({ phase: 'submitted' });
  });

  it('is over by itself the next day (UTC)', async () => {
    const world = await openSubmission();
    const day = limit(world, CU);
    await world.submit((await world.drop({}, 'a.png')).upload, day);
    const { upload } = await world.drop({}, 'b.png');
    world.time.pass(13 * 3600);
    await expect(world.submit(upload, day)).rejects.toThrow(/compute units/);
    world.time.pass(3600);

    await world.submit(upload, day);

    expect(world.jobs()).toHaveLength(2);
    expect(await world.documents.read('control/ledger/2026-10-06.json')).toBeDefined();
  });

  it('is over when it is raised', async () => {
    const world = await openSubmission();
    await world.submit((await world.drop({}, 'a.png')).upload, limit(world, CU));
    const { upload } = await world.drop({}, 'b.png');
    await expect(world.submit(upload, limit(world, CU))).rejects.toThrow(/compute units/);

    await world.submit(upload, limit(world, 2 * CU));

    expect(world.jobs()).toHaveLength(2);
  });

  it('is never exceeded by those that reserve at the same moment', async () => {
    const world = await openSubmission();
    const { spendGuard } = limit(world, 2 * CU);
    const at = world.time.now();

    const all = await Promise.allSettled(
      ['a', 'b', 'c', 'd'].map((assetId) => spendGuard.reserve({ assetId, at }, CU)),
    );

    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(await ledger(world)).toEqual({ settled: 0, open: [CU, CU] });
  });

  it('counts what another run took between the look and the write', async () => {
    const world = await openSubmission();
    const at = world.time.now();
    let done = false;
    const write: JsonStore['write'] = async (...args) => {
      if (!done) {
        done = true;
        await limit(world, CU).spendGuard.reserve({ assetId: 'other', at }, CU);
      }
      return await world.documents.write(...args);
    };
    const { spendGuard } = limit(world, CU, { ...world.documents, write });

    await expect(spendGuard.reserve({ assetId: 'mine', at }, CU)).rejects.toMatchObject({
      name: 'SubmissionsHeldError',
      because: 'daily-limit',
    });

    expect(await ledger(world)).toEqual({ settled: 0, open: [CU] });
  });

  it('takes the same run once, however often it has to be sent', async () => {
    const world = await openSubmission({ faults: [{ on: 'generate', what: 'ceiling', times: 2 }] });
    const { upload } = await world.drop();

    await world.submitUntilDone(upload, limit(world, CU));

    expect(world.requests()).toMatchObject({ generate: 3 });
    expect(world.jobs()).toHaveLength(1);
    expect(await ledger(world)).toEqual({ settled: 0, open: [CU] });
  });

  it('keeps no ledger when there is none', async () => {
    const world = await openSubmission();

    await world.submit((await world.drop()).upload);

    expect(world.s3.keys().filter((key) => key.startsWith('control/ledger/'))).toEqual([]);
  });
});

describe('what was reserved', () => {
  it('is given back when Scenario refuses the image', async () => {
    const world = await openSubmission({ faults: [{ on: 'generate', what: 'bad-request' }] });
    const { upload, runId } = await world.drop();

    await world.submitUntilDone(upload, limit(world, CU));

    expect(await world.record(runId)).toMatchObject({ phase: 'rejected' });
    expect(await ledger(world)).toEqual({ settled: 0, open: [] });
  });

  it('is given back when the image is gone before it could be sent again', async () => {
    const world = await openSubmission({
      faults: [{ on: 'generate', what: 'cooldown', remainingSeconds: 999 }],
    });
    const { upload, runId } = await world.drop();
    await expect(world.submit(upload, limit(world, CU))).rejects.toThrow(/cooldown|later|wait/i);
    expect(await ledger(world)).toEqual({ settled: 0, open: [CU] });
    await world.s3.s3.send(new DeleteObjectCommand({ Bucket: UPLOADS, Key: KEY, VersionId: upload.versionId }));

    await world.submitUntilDone(upload, limit(world, CU));

    expect(await world.record(runId)).toMatchObject({ phase: 'failed' });
    expect(await ledger(world)).toEqual({ settled: 0, open: [] });
  });

  it('is none when another invocation ends the run before the send', async () => {
    const world = await openSubmission();
    const { upload, runId } = await world.drop();
    const { spendGuard } = limit(world, CU);
    // Between the check and the write that wins the send, another invocation finds the image gone.
    const check: typeof spendGuard.check = async (now, cu) => {
      await spendGuard.check(now, cu);
      if (cu === undefined) return;
      await world.s3.s3.send(new DeleteObjectCommand({ Bucket: UPLOADS, Key: KEY, VersionId: upload.versionId }));
      await world.submit({ ...upload, isDeleted: true }, { spendGuard });
    };

    await world.submit(upload, { spendGuard: { ...spendGuard, check } });

    expect(await world.record(runId)).toMatchObject({ phase: 'failed' });
    expect(await ledger(world)).toEqual({ settled: 0, open: [] });
  });

  it('is given back when the limit was reached between the check and the reservation', async () => {
    const world = await openSubmission();
    const { upload, runId } = await world.drop();
    const { spendGuard } = limit(world, CU);
    const reserve: typeof spendGuard.reserve = async (entry, cu) => {
      await spendGuard.reserve({ assetId: 'other', at: entry.at }, CU);
      await spendGuard.reserve(entry, cu);
    };

    await expect(world.submit(upload, { spendGuard: { ...spendGuard, reserve } })).rejects.toThrow(/compute units/);

    expect(world.jobs()).toEqual([]);
    expect(await world.record(runId)).toMatchObject({ phase: 'claimed', sends: [{ noJob: true }] });
    expect(await ledger(world)).toEqual({ settled: 0, open: [CU] });
  });

  it.each([
    ['job-failed', false],
    ['aborted', true],
    ['deadline', true],
  ] as const)('by a run whose job is paid and that ends as %s stays: %s', async (code: FailureCode, stays) => {
    const world = await openSubmission();
    const { upload, runId } = await world.drop();
    await world.submit(upload, limit(world, CU));
    const record = await world.record(runId);
    if (!record) throw new Error('no record');

    await conclude(record, { phase: 'failed', failure: { code, reason: 'why' } }, world.runs);

    expect(await ledger(world)).toEqual({ settled: stays ? CU : 0, open: [] });
  });

  it('leaves what others have reserved alone', async () => {
    const world = await openSubmission({
      faults: [{ on: 'generate', what: 'cooldown', remainingSeconds: 999 }],
    });
    const { upload } = await world.drop();
    await expect(world.submit(upload, limit(world, 100))).rejects.toThrow(/cooldown|later|wait/i);
    await limit(world, 100).spendGuard.reserve({ assetId: 'other', at: world.time.now() }, 5);
    await world.s3.s3.send(new DeleteObjectCommand({ Bucket: UPLOADS, Key: KEY, VersionId: upload.versionId }));

    await world.submitUntilDone(upload, limit(world, 100));

    expect(await ledger(world)).toEqual({ settled: 0, open: [5] });
  });
});
