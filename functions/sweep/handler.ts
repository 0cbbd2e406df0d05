import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import middy from '@middy/core';
import * as z from 'zod';
import { createAnswerTools } from '../run/answer-tools.ts';
import { namingFaults } from '../platform/aws-errors.ts';
import { readEnv } from '../platform/env.ts';
import { log, observed } from '../platform/observability.ts';
import { sweep } from './sweep.ts';

const env = readEnv(
  'UPLOAD_BUCKET',
  'ASSET_BUCKET',
  'EVENT_BUS_NAME',
  'STATE_MACHINE_ARN',
  'IGNORE_PREFIXES',
  'UPLOADS_QUEUE_URL',
  'UPLOADS_DEAD_LETTERS_URL',
  'FAILURE_REPORTS_DEAD_LETTERS_URL',
);

const s3 = namingFaults(new S3Client());
const tools = {
  ...createAnswerTools(s3, env),
  s3,
  sfn: namingFaults(new SFNClient()),
  sqs: namingFaults(new SQSClient({ useQueueUrlAsEndpoint: false })),
  uploadBucket: env.UPLOAD_BUCKET,
  stateMachineArn: env.STATE_MACHINE_ARN,
  ignorePrefixes: z.array(z.string()).parse(JSON.parse(env.IGNORE_PREFIXES)),
  queueUrls: {
    uploads: env.UPLOADS_QUEUE_URL,
    deadUploads: env.UPLOADS_DEAD_LETTERS_URL,
    deadReports: env.FAILURE_REPORTS_DEAD_LETTERS_URL,
  },
  log,
};

/** Finds what was lost on its way, every hour. */
export const handler = middy<unknown, void>({ timeoutEarlyInMillis: 0 })
  .use(observed())
  .handler((_, context) => sweep({ ...tools, remainingMs: () => context.getRemainingTimeInMillis() }));

export type SweepEnv = typeof env;
