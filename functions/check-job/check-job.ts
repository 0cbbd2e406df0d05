import { type Failure, RunFailedError } from '../contract/failures.ts';
import { checkTimes, pollInterval, type Progress } from '../models/poll-interval.ts';
import { MODELS, modelWithId } from '../models/registry.ts';
import type { Clients } from '../platform/clients.ts';
import type { Clock } from '../platform/clock.ts';
import { type Env, readPositive } from '../platform/env.ts';
import type { Handle } from '../platform/observability.ts';
import { createJsonStore } from '../platform/json-store.ts';
import type { Surroundings } from '../run/runs.ts';
import { connectScenario, type Scenario, SCENARIO_ENV } from '../scenario/client.ts';
import { ScenarioBusyError, ScenarioNotFoundError } from '../scenario/errors.ts';
import { type Job, jobFailure } from '../scenario/schemas.ts';
import { normalizeS3Errors } from '../platform/aws-errors.ts';

export const CHECK_JOB_ENV = [...SCENARIO_ENV, 'ASSET_BUCKET', 'JOB_DEADLINE_SECONDS'] as const;
export type CheckJobEnv = Env<(typeof CHECK_JOB_ENV)[number]>;

export interface CheckJobInput {
  readonly jobId: string;
  readonly modelId: string;
  readonly submittedAt: string;
  /** The last check, or what SubmitJob started with. Executions of earlier versions do not pass it on. */
  readonly check?: Partial<Progress> & { readonly times?: readonly number[] };
}

/** The result of one poll of a job. */
export type JobCheck =
  | (Progress & { readonly status: 'running'; readonly waitSeconds: number; readonly times: readonly number[] })
  | { readonly status: 'succeeded' }
  /** `assets`: the number of files of a failed job. Absent if StoreAssets has nothing to keep: no files, and no charge. */
  | ({ readonly status: 'failed'; readonly assets?: number } & Failure);

/** Scenario may not know a job yet that was just submitted. */
const UNKNOWN_AT_FIRST_SECONDS = 600;

/**
 * Polls the job once, for the state machine's loop. Throws a RunFailedError if further polls are useless until somebody
 * redrives the execution.
 */
export function createCheckJob(
  env: CheckJobEnv,
  clients: Clients<'s3' | 'secrets' | 'fetch'>,
  clock: Clock,
  { models = MODELS }: Surroundings = {},
): Handle<CheckJobInput, JobCheck> {
  const documents = createJsonStore(normalizeS3Errors(clients.s3), env.ASSET_BUCKET);
  const { scenario, sharedLook } = connectScenario(env, clients, clock, documents);
  const deadlineSeconds = readPositive(env, 'JOB_DEADLINE_SECONDS');
  return async ({ jobId, modelId, submittedAt, check = {} }) => {
    const { times = checkTimes(modelWithId(modelId, models).typicalSeconds) } = check;
    const { elapsedSeconds: lastSeconds, progress: lastProgress = 0 } = check;
    const last = lastSeconds === undefined ? undefined : { elapsedSeconds: lastSeconds, progress: lastProgress };
    const elapsedSeconds = Math.max(1, Math.floor((clock.now() - Date.parse(submittedAt)) / 1000));
    const isLate = elapsedSeconds > deadlineSeconds;
    const running = (progress = 0): JobCheck => {
      const now = { elapsedSeconds, progress };
      return { status: 'running', waitSeconds: pollInterval(now, times, last), ...now, times };
    };
    try {
      // A bad end and the deadline need an answer about the job itself. StoreAssets reads a good end again.
      const seen = isLate ? undefined : await sharedLook.find(jobId);
      if (seen?.status === 'running') return running(seen.progress);
      if (seen?.status === 'succeeded') return { status: 'succeeded' };
      const job = await findJob(jobId, scenario);
      if (!job && elapsedSeconds > UNKNOWN_AT_FIRST_SECONDS)
        throw new RunFailedError('job-lost', `Scenario does not know the job ${jobId}`);
      if (job && (job.status !== 'running' || (isLate && job.mayBeDone))) return describeEnd(job);
      const minutes = Math.floor(elapsedSeconds / 60);
      if (isLate) throw new RunFailedError('deadline', `the job ${jobId} is not done after ${minutes} minutes`);
      return running(job?.progress);
    } catch (error) {
      if (isLate || !(error instanceof ScenarioBusyError)) throw error;
      // Requests are short, and submissions need them more.
      const now = { elapsedSeconds, progress: lastProgress };
      return { status: 'running', waitSeconds: 2 * pollInterval(now, times), ...(last ?? now), times };
    }
  };
}

async function findJob(jobId: string, scenario: Pick<Scenario, 'job'>): Promise<Job | undefined> {
  try {
    return await scenario.job(jobId);
  } catch (error) {
    if (error instanceof ScenarioNotFoundError) return undefined;
    throw error;
  }
}

function describeEnd(job: Job): JobCheck {
  const failed = jobFailure(job);
  if (!failed) return { status: 'succeeded' };
  const assets = job.assetIds.length;
  return { status: 'failed', ...failed, ...((assets > 0 || job.cu) && { assets }) };
}
