import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import middy from '@middy/core';
import { createAnnounce } from '../shared/announce.ts';
import { namingFaults } from '../shared/aws-faults.ts';
import { readEnv } from '../shared/env.ts';
import { createJsonObjects } from '../shared/json-objects.ts';
import { count, log, observed } from '../shared/observed.ts';
import { createRecords } from '../shared/record.ts';
import { executionIn, reportFailure } from './report-failure.ts';

const env = readEnv('ASSET_BUCKET', 'EVENT_BUS_NAME');
const objects = createJsonObjects(namingFaults(new S3Client()), env.ASSET_BUCKET);
const tools = {
  objects,
  records: createRecords(objects),
  assetBucket: env.ASSET_BUCKET,
  announce: createAnnounce(namingFaults(new EventBridgeClient()), env.EVENT_BUS_NAME),
  sfn: namingFaults(new SFNClient()),
  now: Date.now,
  count,
  log,
};

/** Hears of every execution that failed, timed out or was aborted. */
export const handler = middy<unknown, void>({ timeoutEarlyInMillis: 0 })
  .use(observed())
  .handler((event) => reportFailure(executionIn(event), tools));

export type ReportFailureEnv = typeof env;
