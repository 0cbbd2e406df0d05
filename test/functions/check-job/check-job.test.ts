import type { Context } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { type CheckJobInput, createCheckJob, type JobCheck } from '../../../functions/check-job/check-job.ts';
import { tripo31 } from '../../../functions/models/tripo-3-1.ts';
import { mockedClients } from '../submission.ts';
import { START, virtualTime } from '../virtual-time.ts';
import { ScenarioBusyError } from '../../../functions/scenario/errors.ts';

/** What Scenario answers when it is asked for the job. */
type Answer = { readonly status: number; readonly body: unknown };

const jobWith = (job: Record<string, unknown>): Answer => ({
  status: 200,
  body: { job: { jobId: 'job_1', status: 'in-progress', ...job } },
});
const unknown: Answer = { status: 404, body: { reason: 'Job job_1 not found' } };

interface Asked {
  readonly elapsedSeconds?: number;
  readonly deadlineSeconds?: number;
  readonly modelId?: string;
  readonly last?: CheckJobInput['check'];
}

/** One check of the function as it is composed in AWS, so long after the submission. */
async function check(
  { status, body }: Answer,
  { elapsedSeconds = 60, deadlineSeconds = 2_700, modelId = tripo31.id, last }: Asked = {},
): Promise<JobCheck> {
  const env = {
    SCENARIO_URL: 'https://api.example/v1',
    SCENARIO_SECRET_ARN: 'arn:secret',
    RESULT_HOSTS: '[]',
    ASSET_BUCKET: 'assets',
    JOB_DEADLINE_SECONDS: String(deadlineSeconds),
  };
  const answering: typeof fetch = async () => new Response(JSON.stringify(body), { status });
  const time = virtualTime(START + elapsedSeconds * 1_000);
  const checkJob = createCheckJob(env, { ...mockedClients([]), fetch: answering }, time);
  const submittedAt = new Date(START).toISOString();
  return await checkJob({ jobId: 'job_1', modelId, submittedAt, ...(last && { check: last }) }, {} as Context);
}

describe('a job', () => {
  it('that runs is checked again at the next of its times', async () => {
    expect(await check(jobWith({ progress: 0.9 }), { last: { times: [60, 83, 100] } })).toEqual({
      status: 'running',
      waitSeconds: 23,
      elapsedSeconds: 60,
      progress: 0.9,
      times: [60, 83, 100],
    });
  });

  it('that runs is checked again when it ends at the speed since the last check', async () => {
    const last = { elapsedSeconds: 40, progress: 0.4, times: [40, 60, 100] };

    expect(await check(jobWith({ progress: 0.6 }), { last })).toMatchObject({ waitSeconds: 42, progress: 0.6 });
  });

  it('that an earlier version submitted is checked at the usual times of its model', async () => {
    expect(await check(jobWith({}))).toMatchObject({ waitSeconds: 20, times: expect.arrayContaining([56, 80, 104]) });
    expect(await check(jobWith({}), { last: { waitSeconds: 55 } as CheckJobInput['check'] })).toMatchObject({
      waitSeconds: 20,
    });
  });

  it('that runs is checked again after whole seconds, even by a clock that is behind', async () => {
    const { waitSeconds } = (await check(jobWith({ progress: 0.73 }), { elapsedSeconds: -30 })) as {
      waitSeconds: number;
    };

    expect(Number.isInteger(waitSeconds)).toBe(true);
  });

  it('that succeeded says no more than that', async () => {
    expect(await check(jobWith({ status: 'success', metadata: { assetIds: ['asset_1'] } }))).toEqual({
      status: 'succeeded',
    });
  });

  it('that failed says why, with the hint', async () => {
    const job = jobWith({ status: 'failure', metadata: { error: 'provider', hint: 'again' } });

    expect(await check(job)).toEqual({
      status: 'failed',
      code: 'job-failed',
      reason: 'provider',
      hint: 'again',
    });
  });

  it('that failed and gave files nevertheless says how many', async () => {
    const job = jobWith({ status: 'failure', metadata: { error: 'it broke', assetIds: ['asset_1'] } });

    expect(await check(job)).toEqual({
      status: 'failed',
      code: 'job-failed',
      reason: 'it broke',
      assets: 1,
    });
  });

  it.each([
    ['without an error', undefined],
    ['with an empty error', ''],
  ])('that failed %s still has a reason', async (_, error) => {
    expect(await check(jobWith({ status: 'failure', metadata: { error } }))).toMatchObject({
      reason: expect.stringMatching(/./) as string,
    });
  });

  it('that was canceled says so', async () => {
    expect(await check(jobWith({ status: 'canceled' }))).toMatchObject({
      status: 'failed',
      code: 'job-canceled',
    });
  });

  it('of a model that this version does not know is an error', async () => {
    await expect(check(jobWith({}), { modelId: 'model_of-tomorrow' })).rejects.toThrow(
      'this version does not know the model model_of-tomorrow',
    );
  });
});

describe('a job that Scenario does not know', () => {
  it('counts as running for ten minutes', async () => {
    expect(await check(unknown, { elapsedSeconds: 600 })).toMatchObject({ status: 'running', progress: 0 });
  });

  it('is lost after ten minutes, by an error: a redriven execution can look again', async () => {
    await expect(check(unknown, { elapsedSeconds: 601 })).rejects.toMatchObject({
      name: 'job-lost',
      message: 'Scenario does not know the job job_1',
    });
  });
});

describe('the deadline', () => {
  it('has not passed at its very second', async () => {
    expect(await check(jobWith({}), { elapsedSeconds: 2_700 })).toMatchObject({ status: 'running' });
  });

  it('ends the waiting, with an error that a redrive can recover from', async () => {
    await expect(check(jobWith({}), { elapsedSeconds: 2_701 })).rejects.toMatchObject({
      name: 'deadline',
      message: 'the job job_1 is not done after 45 minutes',
    });
  });

  it('does not matter to a job that is done', async () => {
    expect(await check(jobWith({ status: 'success' }), { elapsedSeconds: 100_000 })).toEqual({
      status: 'succeeded',
    });
  });

  it('must be a number above 0', async () => {
    await expect(check(jobWith({}), { deadlineSeconds: 0 })).rejects.toThrow(/JOB_DEADLINE_SECONDS/);
  });
});

describe('a check that Scenario refuses because of too many requests', () => {
  const busy = { status: 429, body: { reason: 'Too Many Requests' } };

  it('says nothing about the job, and the next check waits twice as long', async () => {
    const last = { elapsedSeconds: 40, progress: 0.4, times: [40, 60, 85] };

    expect(await check(busy, { last })).toEqual({ status: 'running', waitSeconds: 50, ...last });
  });

  it('is an error after the deadline, so that the machine waits longer each time', async () => {
    await expect(check(busy, { elapsedSeconds: 2_701 })).rejects.toMatchObject({ name: ScenarioBusyError.name });
  });
});
