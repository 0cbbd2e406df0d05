import { setTimeout as sleep } from 'node:timers/promises';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { S3Client } from '@aws-sdk/client-s3';
import { createAnnounce } from './announce.ts';
import type { AnswerTools } from './conclude.ts';
import { namingFaults } from '../platform/aws-errors.ts';
import { createJsonObjects } from '../platform/json-store.ts';
import { count } from '../platform/observability.ts';
import { createRecords } from './record.ts';

/** What a function needs to end runs, from the names in its environment. */
export function createAnswerTools(
  s3: S3Client,
  env: { readonly ASSET_BUCKET: string; readonly EVENT_BUS_NAME: string },
): AnswerTools {
  const objects = createJsonObjects(s3, env.ASSET_BUCKET);
  return {
    objects,
    records: createRecords(objects),
    assetBucket: env.ASSET_BUCKET,
    announce: createAnnounce(namingFaults(new EventBridgeClient()), env.EVENT_BUS_NAME, sleep),
    now: Date.now,
    count,
  };
}
