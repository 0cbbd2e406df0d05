import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
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

/** To end a run: its record, its manifest, its event. */
export function allowAnswer(who: ServiceFunction, assetBucket: IBucket, bus: IEventBus): void {
  const documents = ['runs/*', 'models/*/manifest.json'].map((pattern) => assetBucket.arnForObjects(pattern));
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
