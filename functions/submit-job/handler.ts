import { setTimeout as sleep } from 'node:timers/promises';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import middy from '@middy/core';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import * as z from 'zod';
import { createAnswerTools } from '../run/answer-tools.ts';
import { namingFaults } from '../platform/aws-errors.ts';
import { positive, readEnv } from '../platform/env.ts';
import { log, observed } from '../platform/observability.ts';
import { parameterSettingsSchema } from '../models/parameters.ts';
import { createScenarioClient } from '../scenario/connect.ts';
import { againSchema } from './on-duplicate.ts';
import { createGiveBack } from './give-back.ts';
import { createSpendGuard } from '../spending/spend-guard.ts';
import { createStartGeneration } from './start-generation.ts';
import { submitJob } from './submit-job.ts';
import { eachUpload } from './consume-queue.ts';

const env = readEnv(
  'SCENARIO_URL',
  'SCENARIO_SECRET_ARN',
  'ASSET_BUCKET',
  'EVENT_BUS_NAME',
  'STATE_MACHINE_ARN',
  'PARAMETER_SETTINGS',
  'MAX_CU_PER_RUN',
  'MAX_CU_PER_DAY',
  'AGAIN',
  'IGNORE_PREFIXES',
  'UPLOADS_QUEUE_URL',
);
const parameterSettings = parameterSettingsSchema.parse(JSON.parse(env.PARAMETER_SETTINGS));
const ignorePrefixes = z.array(z.string()).parse(JSON.parse(env.IGNORE_PREFIXES));

const s3 = namingFaults(new S3Client());
const answerTools = createAnswerTools(s3, env);
const tools = {
  ...answerTools,
  s3,
  scenario: createScenarioClient(env),
  startGeneration: createStartGeneration(namingFaults(new SFNClient()), env.STATE_MACHINE_ARN),
  parameterSettings,
  again: againSchema.parse(env.AGAIN),
  maxCuPerRun: positive(env, 'MAX_CU_PER_RUN'),
  spendGuard: createSpendGuard(answerTools.objects, positive(env, 'MAX_CU_PER_DAY')),
  sleep,
  random: Math.random,
  log,
};

const sqs = namingFaults(new SQSClient({ useQueueUrlAsEndpoint: false }));
const queueTools = {
  ...answerTools,
  ignorePrefixes,
  giveBack: createGiveBack(sqs, env.UPLOADS_QUEUE_URL, log),
  log,
};

/** Takes uploads from the queue. A message that fails comes back. */
export const handler = middy<SQSEvent, SQSBatchResponse>({ timeoutEarlyInMillis: 0 })
  .use(observed())
  .handler((event, context) => {
    const remainingMs = () => context.getRemainingTimeInMillis();
    return eachUpload(event, queueTools, (upload) => submitJob(upload, { ...tools, remainingMs }));
  });

export type SubmitJobEnv = typeof env;
