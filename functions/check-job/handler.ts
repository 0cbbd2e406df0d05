import { setTimeout as sleep } from 'node:timers/promises';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import middy from '@middy/core';
import { namingFaults } from '../shared/aws-faults.ts';
import { readEnv } from '../shared/env.ts';
import { observed } from '../shared/observed.ts';
import { createScenario } from '../shared/scenario.ts';
import { secretReader } from '../shared/secret.ts';
import { type CheckJobInput, checkJob, type JobCheck } from './check-job.ts';

const env = readEnv('SCENARIO_URL', 'SCENARIO_SECRET_ARN', 'JOB_DEADLINE_SECONDS');
const credentials = secretReader(namingFaults(new SecretsManagerClient()), env.SCENARIO_SECRET_ARN);
const scenario = createScenario({ url: env.SCENARIO_URL, credentials, fetch, sleep, now: Date.now });
const deadlineSeconds = Number(env.JOB_DEADLINE_SECONDS);

/** One turn of the machine's polling loop. */
export const handler = middy<CheckJobInput, JobCheck>({ timeoutEarlyInMillis: 0 })
  .use(observed())
  .handler((input) => checkJob(input, { scenario, now: Date.now, deadlineSeconds }));

export type CheckJobEnv = typeof env;
