import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { openSubmission, KEY, type OpenSubmission } from '../submission.ts';
import { UPLOADS } from '../s3-endpoint.ts';
import type { Claimed } from '../../../functions/submit-job/pay-once.ts';
import { ScenarioInputError } from '../../../functions/scenario/errors.ts';
import { TryLaterError } from '../../../functions/submit-job/errors.ts';

/** A scenario whose `uploadImage` lets something else happen first, once. */
function interrupted(world: OpenSubmission, other: () => Promise<unknown>) {
  let done = false;
  const uploadImage: typeof world.scenario.uploadImage = async (image) => {
    if (!done) {
      done = true;
      await other();
    }
    return await world.scenario.uploadImage(image);
  };
  return { ...world.scenario, uploadImage };
}

describe('a second invocation for the same upload', () => {
  it('that pays in between leaves nothing to pay', async () => {
    const world = await openSubmission();
    const { upload } = await world.drop();

    await world.submit(upload, { scenario: interrupted(world, () => world.submit(upload)) });

    expect(world.jobs()).toHaveLength(1);
    expect(world.started).toHaveLength(2);
  });

  it('that pays in between is not spoilt by this one finding the image gone', async () => {
    const world = await openSubmission();
    const { upload, runId } = await world.drop();
    // This one has found no record, and then finds no image; the other paid in between.
    let interfered = false;
    const send = async (...args: Parameters<typeof world.s3.s3.send>) => {
      if (!interfered) {
        interfered = true;
        await world.submit(upload);
        world.started.length = 0;
        await world.s3.s3.send(new DeleteObjectCommand({ Bucket: UPLOADS, Key: KEY, VersionId: upload.versionId }));
      }
      return world.s3.s3.send(...args);
    };
    const s3 = { send } as unknown as typeof world.s3.s3;

    await world.submit(upload, { s3 });

    expect(await world.record(runId)).toMatchObject({ phase: 'submitted', jobId: world.jobs()[0]?.jobId });
    expect(world.events).toEqual([]);
    expect(world.started).toMatchObject([{ runId }]);
  });

  it('that pays in between is not buried by the fifth unexpected error of this one', async () => {
    const world = await openSubmission();
    const { upload, runId } = await world.drop();
    const quote = async () => {
      throw new Error('a fault of ours');
    };
    const scenario = { ...world.scenario, quote };
    for (let times = 0; times < 4; times += 1)
      await expect(world.submit(upload, { scenario })).rejects.toThrow('a fault of ours');
    let reads = 0;
    const read: typeof world.records.read = async (id) => {
      const kept = await world.records.read(id);
      // The last read before the answer: the fifth error is counted already.
      if (kept?.record.attempts === 5 && (reads += 1) === 1) {
        const { sends } = kept.record;
        const now = new Date(world.time.now()).toISOString();
        const sent = { sends: [...sends, { assetId: 'asset_other', sentAt: now, sentBy: 'other' }] };
        const sending = kept.record.phase === 'claimed' && (kept as Claimed);
        const paying = sending && { ...sending.record, ...sent, phase: 'sending' as const };
        const won = paying && (await world.records.replace(sending, paying));
        const paid = { jobId: 'job_other', submittedAt: now, phase: 'submitted' } as const;
        if (won) await world.records.replace(won, { ...won.record, ...paid });
        return await world.records.read(id);
      }
      return kept;
    };

    await world.submit(upload, { scenario, runs: { records: { ...world.records, read } } }).catch(() => undefined);

    expect(await world.record(runId)).toMatchObject({ phase: 'submitted', jobId: 'job_other' });
    expect(world.events).toEqual([]);
  });

  it('that is paying and may die keeps the message of this one alive', async () => {
    const world = await openSubmission();
    const { upload, runId } = await world.drop();
    // The other wins the right to pay and dies there; this one is refused for its own image.
    const dies = async () => {
      const generate = () => Promise.reject(new Error('killed'));
      const scenario = { ...world.scenario, generate };
      await world.submit(upload, { scenario }).catch(() => undefined);
    };
    const scenario = interrupted(world, dies);
    const quote = async () => {
      throw new ScenarioInputError('the image is not liked');
    };

    const refused = world.submit(upload, { scenario: { ...scenario, quote } });

    await expect(refused).rejects.toThrow(TryLaterError);
    expect(await world.record(runId)).toMatchObject({ phase: 'sending' });
  });

  it('that died after paying is adopted even though this one is refused for its image', async () => {
    const world = await openSubmission({ faults: [{ on: 'generate', what: 'lost-cut' }] });
    const { upload, runId } = await world.drop();
    const dies = async () => {
      const jobPages = () => {
        throw new Error('killed');
      };
      const scenario = { ...world.scenario, jobPages };
      await world.submit(upload, { scenario }).catch(() => undefined);
    };
    const scenario = interrupted(world, dies);
    const quote = async () => {
      throw new ScenarioInputError('the image is not liked');
    };

    await world.submit(upload, { scenario: { ...scenario, quote } });

    expect(world.jobs()).toHaveLength(1);
    expect(world.started).toMatchObject([{ runId, jobId: world.jobs()[0]?.jobId }]);
  });
});

describe('an uncertain send', () => {
  const losses = ['lost-cut', 'lost-502', 'lost-504', 'garbage', 'no-job-id'] as const;
  it.each(losses)('whose job exists is adopted (%s)', async (what) => {
    const world = await openSubmission({ faults: [{ on: 'generate', what }] });
    const { upload, runId } = await world.drop();

    await world.submit(upload);

    expect(world.jobs()).toHaveLength(1);
    expect(world.requests()['generate']).toBe(1);
    expect(await world.record(runId)).toMatchObject({ phase: 'submitted', jobId: world.jobs()[0]?.jobId });
    expect(world.started).toMatchObject([{ jobId: world.jobs()[0]?.jobId }]);
  });

  it('is adopted when the list shows its job a minute later', async () => {
    const world = await openSubmission({
      listLagSeconds: 45,
      faults: [{ on: 'generate', what: 'lost-cut' }],
    });
    const { upload } = await world.drop();

    expect(await world.submitUntilDone(upload)).toBe(2);

    expect(world.jobs()).toHaveLength(1);
    expect(world.started).toHaveLength(1);
  });

  it('that made two jobs adopts one of them and raises the alarm', async () => {
    const world = await openSubmission({
      faults: [
        { on: 'generate', what: 'two-jobs' },
        { on: 'generate', what: 'lost-cut' },
      ],
    });
    const { upload } = await world.drop();

    await world.submit(upload);

    expect(world.started).toHaveLength(1);
    expect(world.jobs().map(({ jobId }) => jobId)).toContain(world.started[0]?.jobId);
    expect(world.counts).toContainEqual(['DuplicateJob', 1]);
  });

  it.each(['cut-before', 'server-error'] as const)('without a job is left alone at first (%s)', async (what) => {
    const world = await openSubmission({ faults: [{ on: 'generate', what }] });
    const { upload, runId } = await world.drop();

    await expect(world.submit(upload)).rejects.toThrow(TryLaterError);

    expect(await world.record(runId)).toMatchObject({ phase: 'sending' });
    expect(world.requests()['generate']).toBe(1);
  });

  it('without a job is not sent again for eight minutes, then with a new asset', async () => {
    const world = await openSubmission({ faults: [{ on: 'generate', what: 'cut-before' }] });
    const { upload, runId } = await world.drop();
    const begin = world.time.now();
    await expect(world.submit(upload)).rejects.toThrow(TryLaterError);
    // Too early, as when it could not be said when the message should come back.
    await expect(world.submit(upload)).rejects.toThrow(TryLaterError);
    expect(world.requests()['generate']).toBe(1);

    await world.submitUntilDone(upload);

    const [job] = world.jobs();
    const sends = (await world.record(runId))?.sends ?? [];
    expect(world.jobs()).toHaveLength(1);
    const paidAfterMs = Date.parse(job?.startedAt ?? '') - begin;
    expect(paidAfterMs).toBeGreaterThanOrEqual(480_000);
    expect(paidAfterMs).toBeLessThan(550_000);
    expect(sends).toHaveLength(2);
    expect(sends[0]?.assetId).not.toBe(job?.image);
    expect(sends[1]?.assetId).toBe(job?.image);
  });

  it('takes four looks at an empty list even when the bound is long past', async () => {
    const world = await openSubmission({ faults: [{ on: 'generate', what: 'cut-before' }] });
    const { upload } = await world.drop();
    await expect(world.submit(upload)).rejects.toThrow(TryLaterError);
    world.time.pass(100_000);
    world.time.slept.length = 0;
    const looks = world.requests()['listJobs'] ?? 0;

    await world.submit(upload);

    expect((world.requests()['listJobs'] ?? 0) - looks).toBe(4);
    expect(world.time.slept).toEqual([15_000, 15_000, 15_000]);
    expect(world.jobs()).toHaveLength(1);
  });

  it('is found by an older asset too, when a later send is uncertain as well', async () => {
    const world = await openSubmission({
      faults: [
        { on: 'generate', what: 'cut-before' },
        { on: 'generate', what: 'cut-before' },
      ],
    });
    const { upload, runId } = await world.drop();
    await expect(world.submit(upload)).rejects.toThrow(TryLaterError);
    world.time.pass(1_000);
    await expect(world.submit(upload)).rejects.toThrow(TryLaterError);
    const [first] = (await world.record(runId))?.sends ?? [];
    // The first request takes effect very late after all.
    const { parameters, modelId = '' } = (await world.record(runId)) ?? {};
    const assetId = first?.assetId ?? '';
    await world.scenario.generate({ modelId, assetId, inputs: { ...parameters, image: assetId } });

    await world.submit(upload);

    expect(world.jobs()).toHaveLength(1);
    expect(await world.record(runId)).toMatchObject({ phase: 'submitted', submittedAt: first?.sentAt });
  });

  it('is not sent again by a second invocation that comes upon it', async () => {
    const world = await openSubmission({
      faults: [{ on: 'generate', what: 'lost-cut' }],
      listLagSeconds: 10_000,
    });
    const { upload } = await world.drop();
    await expect(world.submit(upload)).rejects.toThrow(TryLaterError);

    await expect(world.submit(upload)).rejects.toThrow(TryLaterError);

    expect(world.requests()['generate']).toBe(1);
    expect(world.jobs()).toHaveLength(1);
  });
});
