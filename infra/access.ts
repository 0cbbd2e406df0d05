import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
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
  allow(who, ['events:PutEvents'], bus.eventBusArn);
  assetBucket.encryptionKey?.grantEncryptDecrypt(who);
}

export function allowStoreFiles(who: ServiceFunction, assetBucket: IBucket): void {
  allow(who, ['s3:PutObject', 's3:AbortMultipartUpload'], assetBucket.arnForObjects('models/*'));
}

export function allowCallScenario(who: ServiceFunction, secret: ISecret): void {
  allow(who, ['secretsmanager:GetSecretValue'], secret.secretArn);
  secret.encryptionKey?.grantDecrypt(who);
}

/** To hand uploads back to their queue and to empty the dead-letter queues. */
export function allowPutBack(who: ServiceFunction, queue: IQueue, deadLetters: readonly IQueue[]): void {
  allow(who, ['sqs:SendMessage', 'sqs:GetQueueAttributes'], queue.queueArn);
  allow(who, ['sqs:ReceiveMessage', 'sqs:DeleteMessage'], ...deadLetters.map(({ queueArn }) => queueArn));
}

export function allowStart(who: ServiceFunction, machine: StateMachine): void {
  allow(who, ['states:StartExecution'], machine.stateMachineArn);
}

export function allowDescribeExecutions(who: ServiceFunction, machine: StateMachine): void {
  const resourceName = `${machine.stateMachineName}:*`;
  const executions = Stack.of(who).formatArn({
    service: 'states',
    resource: 'execution',
    resourceName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  allow(who, ['states:DescribeExecution'], executions);
}
