import { describe, expect, it } from 'vitest';
import { checkJob } from '../../../functions/check-job/check-job.ts';
import { ScenarioBusyError, ScenarioNotFoundError } from '../../../functions/platform/errors.ts';
import type { Job } from '../../../functions/scenario/schemas.ts';
import { START } from '../virtual-time.ts';

const running: Job = { jobId: 'job_1', status: 'running', progress: 0, assetIds: [] };

function check(job: Partial<Job> | Error, elapsedSeconds = 60, deadlineSeconds = 2_700) {
  const scenario = {
    job: async () => {
      if (job instanceof Error) throw job;
      return { ...running, ...job };
    },
  };
  const submittedAt = new Date(START).toISOString();
  return checkJob(
    { jobId: 'job_1', submittedAt },
    { scenario, now: () => START + elapsedSeconds * 1_000, deadlineSeconds },
  );
}

describe('a job', () => {
  it('that runs is looked at again', async () => {
    expect(await check({})).toEqual({ status: 'running', waitSeconds: 25, progress: 0 });
    expect(await check({ progress: 0.9 })).toEqual({ status: 'running', waitSeconds: 16, progress: 0.9 });
  });

  it('that runs is looked at after whole seconds, even by a clock that runs behind', async () => {
    const { waitSeconds } = (await check({ progress: 0.73 }, -30)) as { waitSeconds: number };

    expect(Number.isInteger(waitSeconds)).toBe(true);
  });

  it('that succeeded says no more than that', async () => {
    expect(await check({ status: 'succeeded', assetIds: ['asset_1'] })).toEqual({ status: 'succeeded' });
  });

  it('that failed says why, with the hint', async () => {
    expect(await check({ status: 'failed', error: 'provider', hint: 'again' })).toEqual({
      status: 'failed',
      code: 'job-failed',
      reason: 'provider',
      hint: 'again',
    });
  });

  it('that failed and gave files all the same says how many', async () => {
    expect(await check({ status: 'failed', error: 'it broke', assetIds: ['asset_1'] })).toEqual({
      status: 'failed',
      code: 'job-failed',
      reason: 'it broke',
      assets: 1,
    });
  });

  it.each([undefined, ''])('that failed with the words %o still has a reason', async (error) => {
    expect(await check({ status: 'failed', error })).toMatchObject({
      reason: expect.stringMatching(/./) as string,
    });
  });

  it('that was canceled says so', async () => {
    expect(await check({ status: 'canceled' })).toMatchObject({ status: 'failed', code: 'job-canceled' });
  });
});

describe('a job that Scenario does not know', () => {
  it('is running for ten minutes', async () => {
    expect(await check(new ScenarioNotFoundError('job_1'), 600)).toMatchObject({
      status: 'running',
      progress: 0,
    });
  });

  it('is lost after ten minutes, by an error: a redriven execution can look again', async () => {
    await expect(check(new ScenarioNotFoundError('job_1'), 601)).rejects.toMatchObject({
      name: 'JobLostError',
      message: expect.stringContaining('job_1'),
    });
  });
});

describe('the deadline', () => {
  it('is not passed at its very second', async () => {
    expect(await check({}, 2_700)).toMatchObject({ status: 'running' });
  });

  it('ends the waiting, with an error that a redrive can come back from', async () => {
    await expect(check({}, 2_701)).rejects.toMatchObject({ name: 'DeadlineError' });
  });

  it('does not matter to a job that is done', async () => {
    expect(await check({ status: 'succeeded' }, 100_000)).toEqual({ status: 'succeeded' });
  });
});

it('a poll that fails is an error and never a failed job', async () => {
  await expect(check(new ScenarioBusyError('429'))).rejects.toMatchObject({ name: 'ScenarioBusyError' });
});
