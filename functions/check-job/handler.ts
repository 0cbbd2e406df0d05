import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { systemClock } from '../platform/clock.ts';
import { readEnv } from '../platform/env.ts';
import { instrument } from '../platform/observability.ts';
import { CHECK_JOB_ENV, createCheckJob } from './check-job.ts';

const clients = { secrets: new SecretsManagerClient(), fetch };

export const handler = instrument(createCheckJob(readEnv(CHECK_JOB_ENV), clients, systemClock));
