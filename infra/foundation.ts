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
  return {
    SCENARIO_URL: settings.scenarioUrl,
    SCENARIO_SECRET_ARN: scenarioSecret.secretArn,
    RESULT_HOSTS: JSON.stringify(settings.resultHosts),
  };
}

/** The functions share what they see at Scenario in a document of the asset bucket. */
export function allowCallScenario(caller: ServiceFunction, { scenarioSecret, assetBucket }: Foundation): void {
  caller.allow(['secretsmanager:GetSecretValue'], scenarioSecret.secretArn);
  caller.allowKey(scenarioSecret.encryptionKey, 'decrypt');
  allowDocuments(caller, assetBucket, ['control/jobs.json']);
}

/** What a function needs to end a run: to keep its record and manifest, to publish its event, to index it for reuse. */
export function outcomeEnvironment(scope: Construct, { assetBucket, eventBus }: Foundation) {
  return { ASSET_BUCKET: assetBucket.bucketName, EVENT_BUS_NAME: busAddress(eventBus, scope) };
}

const DOCUMENTS = ['runs/*', 'results/*', 'control/ledger/*', 'models/*/manifest.json'];

export function allowConclude(author: ServiceFunction, { assetBucket, eventBus }: Foundation): void {
  allowDocuments(author, assetBucket, DOCUMENTS);
  eventBus.grantPutEventsTo(author);
}

/** Allows to read and to write documents. Without ListBucket, S3 answers 403 instead of 404 for a missing object. */
export function allowDocuments(author: ServiceFunction, bucket: s3.IBucket, patterns: readonly string[]): void {
  author.allow(['s3:GetObject', 's3:PutObject'], ...patterns.map((pattern) => bucket.arnForObjects(pattern)));
  author.allow(['s3:ListBucket'], bucket.bucketArn);
  author.allowKey(bucket.encryptionKey, 'encrypt and decrypt');
}
