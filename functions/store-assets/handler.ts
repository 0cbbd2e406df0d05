import { setTimeout as sleep } from 'node:timers/promises';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import middy from '@middy/core';
import { createAnnounce } from '../shared/announce.ts';
import { namingFaults } from '../shared/aws-faults.ts';
import { readEnv } from '../shared/env.ts';
import { createJsonObjects } from '../shared/json-objects.ts';
import { count, log, observed } from '../shared/observed.ts';
import { createRecords } from '../shared/record.ts';
import { createScenario } from '../shared/scenario.ts';
import { secretReader } from '../shared/secret.ts';
import { type StoreAssetsInput, type StoredModel, storeAssets } from './store-assets.ts';

const env = readEnv('SCENARIO_URL', 'SCENARIO_SECRET_ARN', 'ASSET_BUCKET', 'EVENT_BUS_NAME');
const s3 = namingFaults(new S3Client());
const objects = createJsonObjects(s3, env.ASSET_BUCKET);
const credentials = secretReader(namingFaults(new SecretsManagerClient()), env.SCENARIO_SECRET_ARN);
const tools = {
  s3,
  objects,
  records: createRecords(objects),
  assetBucket: env.ASSET_BUCKET,
  announce: createAnnounce(namingFaults(new EventBridgeClient()), env.EVENT_BUS_NAME),
  scenario: createScenario({ url: env.SCENARIO_URL, credentials, fetch, sleep, now: Date.now }),
  apiUrl: env.SCENARIO_URL,
  fetch,
  now: Date.now,
  count,
  log,
};

/** Copies the files of a finished job into the asset bucket and announces them. */
export const handler = middy<StoreAssetsInput, StoredModel>({ timeoutEarlyInMillis: 0 })
  .use(observed())
  .handler((input) => storeAssets(input, tools));

export type StoreAssetsEnv = typeof env;
