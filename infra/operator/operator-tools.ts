import { setTimeout as sleep } from 'node:timers/promises';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import { createAnnounce } from '../../functions/run/announce.ts';
import type { AnswerTools } from '../../functions/run/conclude.ts';
import { createJsonObjects } from '../../functions/platform/json-store.ts';
import { createRecords } from '../../functions/run/record.ts';
import type { Deployment } from './deployment.ts';

/** What an operator needs to look at a run and to move it on. */
export interface OperatorTools extends AnswerTools {
  readonly sfn: SFNClient;
  readonly sqs: SQSClient;
  readonly stateMachineArn: string;
  readonly uploadsQueueUrl: string;
}

/** With the credentials of whoever calls; on one machine any will do. */
export function createOperatorTools({ outputs, region, endpoint }: Deployment): OperatorTools {
  const here = endpoint !== undefined && {
    endpoint,
    credentials: { accessKeyId: 'operator', secretAccessKey: 'operator' },
  };
  const config = { region, ...here };
  const objects = createJsonObjects(new S3Client(config), outputs.AssetBucketName);
  return {
    objects,
    records: createRecords(objects),
    assetBucket: outputs.AssetBucketName,
    announce: createAnnounce(new EventBridgeClient(config), outputs.EventBusName, sleep),
    count: () => undefined,
    now: Date.now,
    sfn: new SFNClient(config),
    sqs: new SQSClient({ ...config, useQueueUrlAsEndpoint: false }),
    stateMachineArn: outputs.StateMachineArn,
    uploadsQueueUrl: outputs.UploadsQueueUrl,
  };
}
