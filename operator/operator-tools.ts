import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import { systemClock } from '../functions/platform/clock.ts';
import { createRuns, type Runs } from '../functions/run/runs.ts';
import type { Deployment } from './deployment.ts';

/** The tools to inspect and continue a run. */
export interface OperatorTools extends Runs {
  readonly sfn: SFNClient;
  readonly sqs: SQSClient;
  readonly stateMachineArn: string;
  readonly uploadsQueueUrl: string;
  /** Undefined if the deployment makes no renditions. */
  readonly renditionsQueueUrl: string | undefined;
  readonly s3: S3Client;
  /** Undefined in the outputs of earlier versions. */
  readonly scenarioSecretArn: string | undefined;
  readonly region: string;
  /** Whether it runs on this machine. */
  readonly isHere: boolean;
}

/** Replaces logs and metrics: a command prints its own messages and records no metrics. */
const nothing = () => undefined;
const telemetry = {
  log: { info: nothing, warn: nothing, error: nothing, appendKeys: nothing },
  count: nothing,
};

/** Uses the credentials of the caller. On this machine, any credentials work, unless there is a token. */
export function clientConfig({ region, endpoint, token = 'operator' }: Omit<Deployment, 'outputs' | 'name'>) {
  const credentials = { accessKeyId: token, secretAccessKey: 'operator' };
  return { region, ...(endpoint !== undefined && { endpoint, credentials }) };
}

export function createOperatorTools({ outputs, ...place }: Deployment): OperatorTools {
  const config = clientConfig(place);
  const env = { ASSET_BUCKET: outputs.AssetBucketName, EVENT_BUS_NAME: outputs.EventBusName };
  const clients = { s3: new S3Client(config), events: new EventBridgeClient(config) };
  return {
    ...createRuns(env, clients, systemClock, telemetry),
    sfn: new SFNClient(config),
    sqs: new SQSClient({ ...config, useQueueUrlAsEndpoint: false }),
    stateMachineArn: outputs.StateMachineArn,
    uploadsQueueUrl: outputs.UploadsQueueUrl,
    renditionsQueueUrl: outputs.RenditionsQueueUrl,
    s3: clients.s3,
    scenarioSecretArn: outputs.ScenarioSecretArn,
    region: place.region,
    isHere: place.endpoint !== undefined,
  };
}
