import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { Config } from './settings.ts';
import { ImageToModel } from './image-to-model.ts';

/** An app around the construct, with what the settings name brought along. */
export class MeshdropStack extends Stack {
  constructor(scope: Construct, id: string, settings: Config, props?: StackProps) {
    super(scope, id, props);
    const minutes = (amount: number) => Duration.minutes(amount);
    const imageToModel = new ImageToModel(this, 'ImageToModel', {
      ...settings,
      sweepEvery: given(settings.sweepMinutes, minutes),
      jobDeadline: given(settings.jobDeadlineMinutes, minutes),
      alarmTopic: given(settings.alarmTopicArn, (arn) => Topic.fromTopicArn(this, 'BroughtAlarmTopic', arn)),
      uploadBucket: given(settings.uploadBucketName, (name) =>
        Bucket.fromBucketName(this, 'BroughtUploadBucket', name),
      ),
      assetBucket: given(settings.assetBucketName, (name) =>
        Bucket.fromBucketName(this, 'BroughtAssetBucket', name),
      ),
      eventBus: given(settings.eventBusName, (name) =>
        EventBus.fromEventBusName(this, 'BroughtEventBus', name),
      ),
      scenarioSecret: given(settings.scenarioSecretArn, (arn) =>
        Secret.fromSecretCompleteArn(this, 'BroughtScenarioSecret', arn),
      ),
    });
    // What others need to know; next-steps.ts makes sentences of it.
    const outputs = {
      UploadBucketName: imageToModel.uploadBucket.bucketName,
      AssetBucketName: imageToModel.assetBucket.bucketName,
      EventBusName: imageToModel.eventBus.eventBusName,
      StateMachineArn: imageToModel.stateMachine.stateMachineArn,
      UploadsQueueUrl: imageToModel.uploadsQueue.queueUrl,
      ScenarioSecretArn: imageToModel.scenarioSecret.secretArn,
    };
    for (const [id, value] of Object.entries(outputs)) new CfnOutput(this, id, { value });
  }
}

/** What a setting stands for, if it was given. */
function given<S, T>(setting: S | undefined, make: (setting: S) => T): T | undefined {
  return setting === undefined ? undefined : make(setting);
}
