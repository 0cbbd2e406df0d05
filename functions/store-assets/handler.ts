import { S3Client } from '@aws-sdk/client-s3';
import middy from '@middy/core';
import { createAnswerTools } from '../shared/answer-tools.ts';
import { namingFaults } from '../shared/aws-faults.ts';
import { readEnv } from '../shared/env.ts';
import { log, observed } from '../shared/observed.ts';
import { createScenarioClient } from '../shared/scenario-client.ts';
import { type StoreAssetsInput, type StoredModel, storeAssets } from './store-assets.ts';

const env = readEnv('SCENARIO_URL', 'SCENARIO_SECRET_ARN', 'ASSET_BUCKET', 'EVENT_BUS_NAME');

const s3 = namingFaults(new S3Client());
const scenario = createScenarioClient(env);
const tools = { ...createAnswerTools(s3, env), s3, scenario, apiUrl: env.SCENARIO_URL, fetch, log };

/** Copies the files of a finished job into the asset bucket and announces them. */
export const handler = middy<StoreAssetsInput, StoredModel>({ timeoutEarlyInMillis: 0 })
  .use(observed())
  .handler((input) => storeAssets(input, tools));

export type StoreAssetsEnv = typeof env;
