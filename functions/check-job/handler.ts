import middy from '@middy/core';
import { positive, readEnv } from '../platform/env.ts';
import { observed } from '../platform/observability.ts';
import { createScenarioClient } from '../scenario/connect.ts';
import { type CheckJobInput, checkJob, type JobCheck } from './check-job.ts';

const env = readEnv('SCENARIO_URL', 'SCENARIO_SECRET_ARN', 'JOB_DEADLINE_SECONDS');
const deadlineSeconds = positive(env, 'JOB_DEADLINE_SECONDS');

const scenario = createScenarioClient(env);

/** One turn of the machine's polling loop. */
export const handler = middy<CheckJobInput, JobCheck>({ timeoutEarlyInMillis: 0 })
  .use(observed())
  .handler((input) => checkJob(input, { scenario, now: Date.now, deadlineSeconds }));

export type CheckJobEnv = typeof env;
