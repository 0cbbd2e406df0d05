import { describe, expect, it } from 'vitest';
import type { Job } from '../../../functions/scenario/schemas.ts';
import { tripo31 } from '../../../functions/models/tripo-3-1.ts';
import { findSentJob } from '../../../functions/submit-job/reconcile.ts';
import { collectTelemetry } from '../telemetry-collector.ts';
import { START, virtualTime } from '../virtual-time.ts';
import { ScenarioNotFoundError } from '../../../functions/scenario/errors.ts';
import { TryLaterError } from '../../../functions/submit-job/errors.ts';

const at = (seconds: number) => new Date(START + seconds * 1_000).toISOString();
const send = (assetId: string, seconds = 0) => ({ assetId, sentAt: at(seconds), sentBy: 'n' });

function job(jobId: string, image: string | undefined, createdSeconds = 1): Job {
  const input = image === undefined ? undefined : { values: { image }, text: JSON.stringify({ image }) };
  const none = { cu: undefined, finishedAt: undefined };
  return { jobId, status: 'running', progress: 0, assetIds: [], input, createdAt: at(createdSeconds), ...none };
}

interface Case {
  /** The record's age at the first look. */
  readonly ageSeconds?: number;
  readonly remainingSeconds?: number;
  readonly sends?: readonly ReturnType<typeof send>[];
  /** What the list holds, by the time since the first look in seconds. */
  readonly rows?: (seconds: number) => readonly Job[];
  /** What single jobs say. */
  readonly jobs?: readonly Job[];
}

async function settle({
  ageSeconds = 0,
  remainingSeconds = 300,
  sends = [send('asset_1')],
  rows = () => [],
  jobs = [],
}: Case) {
  const begin = START + ageSeconds * 1_000;
  const time = virtualTime(begin);
  const { telemetry, counts } = collectTelemetry();
  const since: number[] = [];
  const scenario = {
    async *jobsSince(from: number) {
      since.push(from);
      for (const row of rows((time.now() - begin) / 1_000)) yield row;
    },
    job: async (jobId: string) => {
      const found = jobs.find((one) => one.jobId === jobId);
      if (!found) throw new ScenarioNotFoundError(jobId);
      return found;
    },
  };
  const remainingMs = () => begin + remainingSeconds * 1_000 - time.now();
  const tools = { scenario, model: tripo31, clock: time, remainingMs, telemetry };
  const outcome = await findSentJob({ sends: [...sends] }, ageSeconds * 1_000, tools).catch((error: unknown) => error);
  return { outcome, looks: since.length, since, slept: time.slept, counts };
}

describe('a job that is in the list', () => {
  it('is adopted at the first look, with the time of its send', async () => {
    const rows = () => [job('job_2', 'asset_other'), job('job_1', 'asset_1')];

    const { outcome, looks } = await settle({ rows });

    expect(outcome).toMatchObject({ jobId: 'job_1', sentAt: at(0) });
    expect(looks).toBe(1);
  });

  it('is adopted by any of the sends', async () => {
    const sends = [send('asset_1', 0), send('asset_2', 600)];

    const { outcome } = await settle({ ageSeconds: 600, sends, rows: () => [job('job_1', 'asset_1')] });

    expect(outcome).toMatchObject({ jobId: 'job_1', sentAt: at(0) });
  });

  it('is adopted when it shows up late', async () => {
    const rows = (seconds: number) => (seconds < 60 ? [] : [job('job_1', 'asset_1')]);

    const { outcome, slept } = await settle({ rows });

    expect(outcome).toMatchObject({ jobId: 'job_1' });
    expect(slept).toEqual([60_000]);
  });

  it('is the oldest when there are two, and an alarm rings', async () => {
    const rows = () => [job('job_2', 'asset_1', 30), job('job_1', 'asset_1', 1), job('job_3', 'asset_1', 40)];

    const { outcome, counts } = await settle({ rows });

    expect(outcome).toMatchObject({ jobId: 'job_1' });
    expect(counts).toEqual([['DuplicateJob', 1]]);
  });

  it('is asked for by itself when its row does not say what it came from', async () => {
    const { outcome } = await settle({
      rows: () => [job('job_2', undefined), job('job_1', undefined)],
      jobs: [job('job_2', 'asset_2'), job('job_1', 'asset_1')],
    });

    expect(outcome).toMatchObject({ jobId: 'job_1' });
  });

  it('is looked for from ten minutes before the first send on', async () => {
    const { since } = await settle({
      sends: [send('asset_2', 900), send('asset_1', 0)],
      rows: () => [job('j', 'asset_1')],
    });

    expect(since).toEqual([START - 600_000]);
  });
});

describe('a job that is not in the list', () => {
  it.each([
    [0, 360],
    [200, 160],
    [400, 0],
  ])(
    'leaves everything open after two looks before eight minutes (age %f s), to come back for the last two',
    async (ageSeconds, inSeconds) => {
      const { outcome, looks, slept } = await settle({ ageSeconds });

      expect(outcome).toMatchObject({ name: 'TryLaterError' });
      expect(looks).toBe(2);
      expect(slept).toEqual([60_000]);
      expect((outcome as TryLaterError).inSeconds).toBe(inSeconds);
    },
  );

  it.each([420, 480, 100_000])(
    'is certain after eight minutes and two looks a minute apart (age %f s)',
    async (ageSeconds) => {
      const { outcome, looks, slept } = await settle({ ageSeconds });

      expect(outcome).toBeUndefined();
      expect(looks).toBe(2);
      expect(slept).toEqual([60_000]);
    },
  );

  it('is never certain after one look', async () => {
    const { outcome, looks } = await settle({ ageSeconds: 100_000, remainingSeconds: 149 });

    expect(outcome).toBeInstanceOf(TryLaterError);
    expect(looks).toBe(1);
  });

  it('is never certain when a row cannot be looked into', async () => {
    const { outcome } = await settle({ ageSeconds: 100_000, rows: () => [job('job_1', undefined)] });

    expect(outcome).toBeInstanceOf(Error);
  });
});

describe('a job that does not say what it was made from', () => {
  it('even when asked by itself, keeps everybody from sending again, however long ago it was', async () => {
    const silent = job('job_1', undefined);

    const { outcome } = await settle({ ageSeconds: 3_600, rows: () => [silent], jobs: [silent] });

    expect(outcome).toMatchObject({ name: 'TryLaterError', inSeconds: 300 });
  });

  it('because its model takes no image is somebody else’s', async () => {
    const input = {
      modelId: 'model_text-to-image',
      values: { prompt: 'a chair' },
      text: '{"prompt":"a chair"}',
    };
    const text: Job = { ...job('job_1', undefined), input };

    const { outcome } = await settle({ ageSeconds: 3_600, rows: () => [text] });

    expect(outcome).toBeUndefined();
  });

  it.each([
    ['{"modelId":"model_tripo-v3-1-image-to-3d","image":["asset_1"]}', 'job_1'],
    ['{"inputs":{"image":{"assetId":"asset_1"}}}', 'job_1'],
  ])('is found by the id of its input asset, whatever the form of the echo: %s', async (text, jobId) => {
    const { outcome } = await settle({
      rows: () => [{ ...job(jobId, undefined), input: { values: {}, text } }],
    });

    expect(outcome).toMatchObject({ jobId });
  });

  it('and may be of our model, keeps everybody from sending again', async () => {
    const odd: Job = {
      ...job('job_1', undefined),
      input: { values: { image: { ref: 7 } }, text: '{"image":{"ref":7}}' },
    };

    const { outcome } = await settle({ ageSeconds: 3_600, rows: () => [odd] });

    expect(outcome).toBeInstanceOf(TryLaterError);
  });

  it('because it is listed and not to be read yet, keeps everybody from sending again', async () => {
    const { outcome } = await settle({ ageSeconds: 3_600, rows: () => [job('job_1', undefined)], jobs: [] });

    expect(outcome).toBeInstanceOf(TryLaterError);
  });
});

it('rows of a later day that say nothing of their input are not asked for one by one', async () => {
  const day = 24 * 3600;

  const { outcome } = await settle({ ageSeconds: day, rows: () => [job('job_1', undefined, day)] });

  expect(outcome).toBeUndefined();
});
