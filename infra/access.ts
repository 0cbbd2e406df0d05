import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ServiceFunction } from './service-function.ts';

/** What a function may do, statement by statement. */
function allow(who: ServiceFunction, actions: readonly string[], ...resources: readonly string[]): void {
  who.addToRolePolicy(new PolicyStatement({ actions: [...actions], resources: [...resources] }));
}

/** Without ListBucket, S3 says 403 instead of 404 of an object that is gone. */
export function allowReadUploads(who: ServiceFunction, bucket: IBucket): void {
  allow(who, ['s3:GetObject', 's3:GetObjectVersion'], bucket.arnForObjects('*'));
  allow(who, ['s3:ListBucket'], bucket.bucketArn);
  bucket.encryptionKey?.grantDecrypt(who);
}

/** Names and versions, never bytes. */
export function allowListUploads(who: ServiceFunction, bucket: IBucket): void {
  allow(who, ['s3:ListBucketVersions'], bucket.bucketArn);
}

/** To see whether submissions are paused. */
export function allowSeePause(who: ServiceFunction, assetBucket: IBucket): void {
  allow(who, ['s3:GetObject'], assetBucket.arnForObjects('control/paused.json'));
}

/** To remember how far the sweep has come. */
export function allowKeepProgress(who: ServiceFunction, assetBucket: IBucket): void {
  allow(who, ['s3:GetObject', 's3:PutObject'], assetBucket.arnForObjects('control/sweep.json'));
}

/** To see whether the files of an earlier run are still there. */
export function allowReadAssets(who: ServiceFunction, bucket: IBucket): void {
  allow(who, ['s3:GetObject', 's3:GetObjectVersion'], bucket.arnForObjects('models/*'));
}

const DOCUMENTS = ['runs/*', 'results/*', 'control/spend/*', 'models/*/manifest.json'];

/** To end a run: its record, its manifest, its event, and what is kept of it for later ones. */
export function allowAnswer(who: ServiceFunction, assetBucket: IBucket, bus: IEventBus): void {
  const documents = DOCUMENTS.map((pattern) => assetBucket.arnForObjects(pattern));
  allow(who, ['s3:GetObject', 's3:PutObject'], ...documents);
  allow(who, ['s3:ListBucket'], assetBucket.bucketArn);
  bus.grantPutEventsTo(who);
  assetBucket.encryptionKey?.grantEncryptDecrypt(who);
}

export function allowStoreFiles(who: ServiceFunction, assetBucket: IBucket): void {
  allow(who, ['s3:PutObject', 's3:AbortMultipartUpload'], assetBucket.arnForObjects('models/*'));
}

export function allowCallScenario(who: ServiceFunction, secret: ISecret): void {
  allow(who, ['secretsmanager:GetSecretValue'], secret.secretArn);
  secret.encryptionKey?.grantDecrypt(who);
}
