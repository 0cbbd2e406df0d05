import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import { systemClock } from '../platform/clock.ts';
import { readEnv } from '../platform/env.ts';
import { instrument } from '../platform/observability.ts';
import { createSweep } from './sweep.ts';
import { SWEEP_ENV } from './sweeping.ts';

const clients = {
  s3: new S3Client(),
  sfn: new SFNClient(),
  sqs: new SQSClient({ useQueueUrlAsEndpoint: false }),
};

export const handler = instrument(createSweep(readEnv(SWEEP_ENV), clients, systemClock));
