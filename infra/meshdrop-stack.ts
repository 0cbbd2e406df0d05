import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { Config } from './config.ts';
import { ImageToModel } from './image-to-model.ts';

/** An app around the construct, with what the settings bring along. */
export class MeshdropStack extends Stack {
  constructor(scope: Construct, id: string, config: Config, props?: StackProps) {
    super(scope, id, props);
    const {
      uploadBucketName,
      assetBucketName,
      eventBusName,
      scenarioSecretArn,
      alarmTopicArn,
      sweepMinutes,
      jobDeadlineMinutes,
      ...settings
    } = config;
    const imageToModel = new ImageToModel(this, 'ImageToModel', {
      ...settings,
      sweepEvery: Duration.minutes(sweepMinutes),
      jobDeadline: Duration.minutes(jobDeadlineMinutes),
      ...(alarmTopicArn && { alarmTopic: Topic.fromTopicArn(this, 'BroughtAlarmTopic', alarmTopicArn) }),
      ...(uploadBucketName && {
        uploadBucket: Bucket.fromBucketName(this, 'BroughtUploadBucket', uploadBucketName),
      }),
      ...(assetBucketName && {
        assetBucket: Bucket.fromBucketName(this, 'BroughtAssetBucket', assetBucketName),
      }),
      ...(eventBusName && { eventBus: EventBus.fromEventBusName(this, 'BroughtEventBus', eventBusName) }),
      ...(scenarioSecretArn && {
        scenarioSecret: Secret.fromSecretCompleteArn(this, 'BroughtScenarioSecret', scenarioSecretArn),
      }),
    });
    this.tell(imageToModel);
  }

  /** What others need to know; next-steps.ts makes sentences of it. */
  private tell({
    uploadBucket,
    assetBucket,
    eventBus,
    stateMachine,
    uploadsQueue,
    scenarioSecret,
  }: ImageToModel): void {
    const outputs = {
      UploadBucketName: uploadBucket.bucketName,
      AssetBucketName: assetBucket.bucketName,
      EventBusName: eventBus.eventBusName,
      StateMachineArn: stateMachine.stateMachineArn,
      UploadsQueueUrl: uploadsQueue.queueUrl,
      ScenarioSecretArn: scenarioSecret.secretArn,
    };
    for (const [id, value] of Object.entries(outputs)) new CfnOutput(this, id, { value });
  }
}
