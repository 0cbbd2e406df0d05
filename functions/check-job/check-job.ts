import { badEndOf } from '../scenario/job-failure.ts';
import { DeadlineError, JobLostError, ScenarioNotFoundError } from '../platform/errors.ts';
import type { Failure } from '../contract/failures.ts';
import { nextWait } from '../models/poll-interval.ts';
import type { Scenario } from '../scenario/client.ts';
import type { Job } from '../scenario/schemas.ts';

export interface CheckJobInput {
  readonly jobId: string;
  readonly submittedAt: string;
}

/** What one poll of a job says. */
export type JobCheck =
  | { readonly status: 'running'; readonly waitSeconds: number; readonly progress: number }
  | { readonly status: 'succeeded' }
  /** `assets`: how many files it gave all the same. Absent when none. */
  | ({ readonly status: 'failed'; readonly assets?: number } & Failure);

export interface CheckTools {
  readonly scenario: Pick<Scenario, 'job'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly deadlineSeconds: number;
}

/** A job that was just submitted may be unknown to the reading side for a moment. */
const UNKNOWN_AT_FIRST_SECONDS = 600;

/** @throws DeadlineError | JobLostError when polling on makes no sense, until somebody redrives the execution */
export async function checkJob({ jobId, submittedAt }: CheckJobInput, tools: CheckTools): Promise<JobCheck> {
  const elapsedSeconds = Math.max(1, Math.floor((tools.now() - Date.parse(submittedAt)) / 1000));
  const job = await known(jobId, tools);
  if (!job && elapsedSeconds > UNKNOWN_AT_FIRST_SECONDS)
    throw new JobLostError(`Scenario does not know the job ${jobId}`);
  if (job && job.status !== 'running') return ended(job);
  if (elapsedSeconds > tools.deadlineSeconds)
    throw new DeadlineError(`the job ${jobId} is not done after ${Math.floor(elapsedSeconds / 60)} minutes`);
  const progress = job?.progress ?? 0;
  return { status: 'running', waitSeconds: nextWait({ elapsedSeconds, progress }), progress };
}

async function known(jobId: string, { scenario }: CheckTools): Promise<Job | undefined> {
  try {
    return await scenario.job(jobId);
  } catch (error) {
    if (error instanceof ScenarioNotFoundError) return undefined;
    throw error;
  }
}

function ended(job: Job): JobCheck {
  const bad = badEndOf(job);
  if (!bad) return { status: 'succeeded' };
  const assets = job.assetIds.length;
  return { status: 'failed', ...bad, ...(assets > 0 && { assets }) };
}
