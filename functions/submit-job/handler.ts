import { setTimeout as sleep } from 'node:timers/promises';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import middy from '@middy/core';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import * as z from 'zod';
import { createAnnounce } from '../shared/announce.ts';
import { namingFaults } from '../shared/aws-faults.ts';
import { readEnv } from '../shared/env.ts';
import { createJsonObjects } from '../shared/json-objects.ts';
import { count, log, observed } from '../shared/observed.ts';
import { parameterSettingsSchema } from '../shared/parameters.ts';
import { createRecords } from '../shared/record.ts';
import { createScenario } from '../shared/scenario.ts';
import { secretReader } from '../shared/secret.ts';
import { createStartGeneration } from './start-generation.ts';
import { submitJob } from './submit-job.ts';
import { eachUpload } from './upload.ts';

const env = readEnv(
  'SCENARIO_URL',
  'SCENARIO_SECRET_ARN',
  'ASSET_BUCKET',
  'EVENT_BUS_NAME',
  'STATE_MACHINE_ARN',
  'PARAMETER_SETTINGS',
  'MAX_CU_PER_RUN',
  'IGNORE_PREFIXES',
);
const parameterSettings = parameterSettingsSchema.parse(JSON.parse(env.PARAMETER_SETTINGS));
const ignorePrefixes = z.array(z.string()).parse(JSON.parse(env.IGNORE_PREFIXES));

const s3 = namingFaults(new S3Client());
const objects = createJsonObjects(s3, env.ASSET_BUCKET);
const tools = {
  s3,
  objects,
  records: createRecords(objects),
  assetBucket: env.ASSET_BUCKET,
  announce: createAnnounce(namingFaults(new EventBridgeClient()), env.EVENT_BUS_NAME),
  startGeneration: createStartGeneration(namingFaults(new SFNClient()), env.STATE_MACHINE_ARN),
  scenario: createScenario({
    url: env.SCENARIO_URL,
    credentials: secretReader(namingFaults(new SecretsManagerClient()), env.SCENARIO_SECRET_ARN),
    fetch,
    sleep,
    now: Date.now,
  }),
  parameterSettings,
  maxCuPerRun: Number(env.MAX_CU_PER_RUN),
  sleep: async (ms: number) => await sleep(ms),
  random: Math.random,
  now: Date.now,
  count,
  log,
};

/** Takes uploads from the queue. A message that fails comes back. */
export const handler = middy<SQSEvent, SQSBatchResponse>({ timeoutEarlyInMillis: 0 })
  .use(observed())
  .handler((event, context) => {
    const remainingMs = () => context.getRemainingTimeInMillis();
    return eachUpload(event, ignorePrefixes, log, (upload) => submitJob(upload, { ...tools, remainingMs }));
  });

export type SubmitJobEnv = typeof env;
