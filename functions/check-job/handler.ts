import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { systemClock } from '../platform/clock.ts';
import { readEnv } from '../platform/env.ts';
import { instrument } from '../platform/observability.ts';
import { CHECK_JOB_ENV, createCheckJob } from './check-job.ts';

const clients = { s3: new S3Client(), secrets: new SecretsManagerClient(), fetch };

export const handler = instrument(createCheckJob(readEnv(CHECK_JOB_ENV), clients, systemClock));
