import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import { createInspectImage } from '../images/inspect-image.ts';
import { systemClock } from '../platform/clock.ts';
import { readEnv } from '../platform/env.ts';
import { instrument } from '../platform/observability.ts';
import { SUBMIT_JOB_ENV } from './submission.ts';
import { createSubmitJob } from './submit-job.ts';

const clients = {
  s3: new S3Client(),
  events: new EventBridgeClient(),
  sfn: new SFNClient(),
  sqs: new SQSClient({ useQueueUrlAsEndpoint: false }),
  secrets: new SecretsManagerClient(),
  fetch,
  inspect: createInspectImage(systemClock),
};

export const handler = instrument(createSubmitJob(readEnv(SUBMIT_JOB_ENV), clients, systemClock));
