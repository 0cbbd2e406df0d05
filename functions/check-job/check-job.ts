import { DeadlineError, JobLostError, ScenarioNotFoundError } from '../shared/errors.ts';
import type { FailureCode } from '../shared/failure.ts';
import { nextWait } from '../shared/next-wait.ts';
import type { Scenario } from '../shared/scenario.ts';
import type { Job } from '../shared/scenario-answers.ts';

export interface CheckJobInput {
  readonly jobId: string;
  readonly submittedAt: string;
}

/** What one poll of a job says. */
export type JobCheck =
  | { readonly status: 'running'; readonly waitSeconds: number; readonly progress: number }
  | { readonly status: 'succeeded' }
  | {
      readonly status: 'failed';
      readonly code: FailureCode;
      readonly reason: string;
      readonly hint?: string;
    };

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
  if (!job && elapsedSeconds > UNKNOWN_AT_FIRST_SECONDS) {
    throw new JobLostError(`Scenario does not know the job ${jobId}`);
  }
  if (job && job.status !== 'running') return ended(job, job.status);
  if (elapsedSeconds > tools.deadlineSeconds) {
    throw new DeadlineError(`the job ${jobId} is not done after ${Math.floor(elapsedSeconds / 60)} minutes`);
  }
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

function ended({ error, hint }: Job, status: Exclude<Job['status'], 'running'>): JobCheck {
  if (status === 'succeeded') return { status };
  if (status === 'canceled')
    return { status: 'failed', code: 'job-canceled', reason: 'the job was canceled at Scenario' };
  const reason = error || 'the job failed at Scenario without saying why';
  return { status: 'failed', code: 'job-failed', reason, ...(hint !== undefined && { hint }) };
}
