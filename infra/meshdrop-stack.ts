import {
  CfnOutput,
  Duration,
  aws_events as events,
  aws_s3 as s3,
  aws_secretsmanager as secrets,
  aws_sns as sns,
  Stack,
  type StackProps,
} from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ImageToModel, type ImageToModelProps } from './image-to-model.ts';
import type { Settings } from './settings/settings.ts';

/** The construct in a stack of its own, with the existing resources that the settings name. */
export class MeshdropStack extends Stack {
  constructor(scope: Construct, id: string, settings: Settings, props?: StackProps) {
    super(scope, id, props);
    const meshdrop = new ImageToModel(this, 'ImageToModel', propsOf(this, settings));
    // next-steps.ts and the operator's commands read these.
    const outputs = {
      UploadBucketName: meshdrop.uploadBucket.bucketName,
      AssetBucketName: meshdrop.assetBucket.bucketName,
      EventBusName: meshdrop.eventBus.eventBusName,
      StateMachineArn: meshdrop.stateMachine.stateMachineArn,
      UploadsQueueUrl: meshdrop.uploadsQueue.queueUrl,
      ScenarioSecretArn: meshdrop.scenarioSecret.secretArn,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}

/** Objects in place of the names, ARNs, and minutes. */
function propsOf(scope: Construct, settings: Settings): ImageToModelProps {
  const { uploadBucketName: uploads, assetBucketName: assets, eventBusName: bus } = settings;
  const { scenarioSecretArn: secret, alarmTopicArn: topic } = settings;
  return {
    ...settings,
    sweepEvery: Duration.minutes(settings.sweepMinutes),
    jobDeadline: Duration.minutes(settings.jobDeadlineMinutes),
    uploadBucket: ifGiven(uploads, (name) => s3.Bucket.fromBucketName(scope, 'UploadBucket', name)),
    assetBucket: ifGiven(assets, (name) => s3.Bucket.fromBucketName(scope, 'AssetBucket', name)),
    eventBus: ifGiven(bus, (name) => events.EventBus.fromEventBusName(scope, 'EventBus', name)),
    scenarioSecret: ifGiven(secret, (arn) => secrets.Secret.fromSecretCompleteArn(scope, 'Secret', arn)),
    alarmTopic: ifGiven(topic, (arn) => sns.Topic.fromTopicArn(scope, 'AlarmTopic', arn)),
  };
}

function ifGiven<Result>(value: string | undefined, create: (value: string) => Result): Result | undefined {
  return value === undefined ? undefined : create(value);
}
