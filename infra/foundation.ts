import type { aws_events as events, aws_s3 as s3, aws_secretsmanager as secrets } from 'aws-cdk-lib';
import { busAddress } from './event-rules.ts';
import type { ServiceFunction } from './service-function.ts';
import type { Settings } from './settings/settings.ts';
import type { Construct } from 'constructs';

/** What every part of a deployment builds on. */
export interface Foundation {
  readonly uploadBucket: s3.IBucket;
  readonly assetBucket: s3.IBucket;
  readonly eventBus: events.IEventBus;
  readonly scenarioSecret: secrets.ISecret;
  readonly settings: Settings;
}

/** What a function needs to call Scenario. */
export function scenarioEnvironment({ scenarioSecret, settings }: Foundation) {
  return { SCENARIO_URL: settings.scenarioUrl, SCENARIO_SECRET_ARN: scenarioSecret.secretArn };
}

export function allowCallScenario(caller: ServiceFunction, { scenarioSecret }: Foundation): void {
  caller.allow(['secretsmanager:GetSecretValue'], scenarioSecret.secretArn);
  scenarioSecret.encryptionKey?.grantDecrypt(caller);
}

/** What a function needs to end a run: to keep its record and manifest, to publish its event, to index it for reuse. */
export function outcomeEnvironment(scope: Construct, { assetBucket, eventBus }: Foundation) {
  return { ASSET_BUCKET: assetBucket.bucketName, EVENT_BUS_NAME: busAddress(eventBus, scope) };
}

const DOCUMENTS = ['runs/*', 'results/*', 'control/ledger/*', 'models/*/manifest.json'];

/** Without ListBucket, S3 answers 403 instead of 404 for a missing object. */
export function allowConclude(author: ServiceFunction, { assetBucket, eventBus }: Foundation): void {
  const documents = DOCUMENTS.map((pattern) => assetBucket.arnForObjects(pattern));
  author.allow(['s3:GetObject', 's3:PutObject'], ...documents);
  author.allow(['s3:ListBucket'], assetBucket.bucketArn);
  assetBucket.encryptionKey?.grantEncryptDecrypt(author);
  eventBus.grantPutEventsTo(author);
}
