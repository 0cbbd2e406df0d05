import { lookup } from 'node:dns/promises';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { systemClock } from '../platform/clock.ts';
import { readEnv } from '../platform/env.ts';
import { instrument } from '../platform/observability.ts';
import { httpGet } from './http-get.ts';
import { createStoreAssets, STORE_ASSETS_ENV } from './store-assets.ts';
import { createValidate } from './validate-glb.ts';

const clients = {
  s3: new S3Client(),
  events: new EventBridgeClient(),
  secrets: new SecretsManagerClient(),
  fetch,
  get: httpGet,
  lookup: (hostname: string) => lookup(hostname, { all: true }),
  validate: createValidate(systemClock),
};

export const handler = instrument(createStoreAssets(readEnv(STORE_ASSETS_ENV), clients, systemClock));
