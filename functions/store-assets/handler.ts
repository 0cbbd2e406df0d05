import { lookup } from 'node:dns/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { S3Client } from '@aws-sdk/client-s3';
import middy from '@middy/core';
import { createAnswerTools } from '../run/answer-tools.ts';
import { namingFaults } from '../platform/aws-errors.ts';
import { positive, readEnv } from '../platform/env.ts';
import { log, observed } from '../platform/observability.ts';
import { glbErrorsSchema } from '../contract/glb-errors.ts';
import { createScenarioClient } from '../scenario/connect.ts';
import type { Alarm } from './download.ts';
import { httpGet } from './http-get.ts';
import { createValidate } from './validate-glb.ts';
import { type StoreAssetsInput, type StoredModel, type StoreTools, storeAssets } from './store-assets.ts';
import { withUnsignedParts } from './unsigned-parts.ts';

const env = readEnv(
  'SCENARIO_URL',
  'SCENARIO_SECRET_ARN',
  'ASSET_BUCKET',
  'EVENT_BUS_NAME',
  'MAX_ASSET_BYTES',
  'GLB_ERRORS',
);

const s3 = withUnsignedParts(namingFaults(new S3Client()));
const scenario = createScenarioClient(env);
const alarm: Alarm = (ms, ring) => setTimeout(ring, ms);
const tools: StoreTools = {
  ...createAnswerTools(s3, env),
  s3,
  scenario,
  apiUrl: env.SCENARIO_URL,
  maxAssetBytes: positive(env, 'MAX_ASSET_BYTES'),
  glbErrors: glbErrorsSchema.parse(env.GLB_ERRORS),
  validate: createValidate(alarm),
  get: httpGet,
  lookup: (hostname) => lookup(hostname, { all: true }),
  alarm,
  sleep,
  log,
};

/** Copies the files of a finished job into the asset bucket and announces them. */
export const handler = middy<StoreAssetsInput, StoredModel>({ timeoutEarlyInMillis: 0 })
  .use(observed())
  .handler((input) => storeAssets(input, tools));

export type StoreAssetsEnv = typeof env;
