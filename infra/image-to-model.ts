import type { aws_stepfunctions as sfn, aws_sns as sns, aws_sqs as sqs, Duration } from 'aws-cdk-lib';
import {
  Annotations,
  CfnOutput,
  aws_events as events,
  type aws_s3 as s3,
  SecretValue,
  aws_secretsmanager as secrets,
} from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { connectAlarms, linkRunbooks } from './alarms.ts';
import { createAssetBucket, UploadBucket, warnOfExpiry } from './buckets.ts';
import { createDashboard } from './dashboard.ts';
import { createEventRule, isBusHere } from './event-rules.ts';
import { FailureReports } from './failure-reports.ts';
import type { Foundation } from './foundation.ts';
import { Generation } from './generation.ts';
import type { PlainProps } from './settings/plain-props.ts';
import { readSettings, type Settings } from './settings/settings.ts';
import { Renditions } from './renditions.ts';
import { InvalidSettingError } from './settings/invalid-setting.ts';
import { Submission } from './submission.ts';
import { Sweep } from './sweep.ts';
import { UploadQueue } from './upload-queue.ts';

/** The settings of `cdk.json`, with objects in place of names, ARNs, and minutes. README describes the others. */
export interface ImageToModelProps extends PlainProps {
  /** Where images are dropped. Turn on its EventBridge notifications. @default a new, versioned bucket */
  readonly uploadBucket?: s3.IBucket;
  /** Where models are stored. @default a new, versioned bucket that stays when you delete the stack */
  readonly assetBucket?: s3.IBucket;
  /** Where "Model Stored" and the other events are published. @default the account's default event bus */
  readonly eventBus?: events.IEventBus;
  /** JSON with `apiKey` and `apiSecret`. @default a new, empty secret, to fill after the first deployment */
  readonly scenarioSecret?: secrets.ISecret;
  /** What alarms notify. @default alarms only show in the CloudWatch console */
  readonly alarmTopic?: sns.ITopic;
  /** How often the sweep looks for lost uploads. @default the default of sweepMinutes */
  readonly sweepEvery?: Duration;
  /** Where S3 writes the server access logs of new buckets. @default none */
  readonly accessLogBucket?: s3.IBucket;
  /** What the names of the stack's outputs begin with. @default the construct's own ID */
  readonly outputPrefix?: string;
  /** How long a generation can take. @default the default of jobDeadlineMinutes */
  readonly jobDeadline?: Duration;
}

/** Turns an image in one bucket into a 3D model in another one, and announces it with an event. */
export class ImageToModel extends Construct {
  /** Where images are dropped. */
  readonly uploadBucket: s3.IBucket;
  /** Where models are stored. */
  readonly assetBucket: s3.IBucket;
  /** Where events are published. */
  readonly eventBus: events.IEventBus;
  /** The API key of Scenario. Fill it with `npx meshdrop secret`. */
  readonly scenarioSecret: secrets.ISecret;
  /** Uploads that wait. */
  readonly uploadsQueue: sqs.IQueue;
  /** Each execution follows one paid job, and is named after its run. */
  readonly stateMachine: sfn.StateMachine;
  /** Models that wait for their renditions. Undefined if the setting renditions is empty. */
  readonly renditionsQueue: sqs.IQueue | undefined;
  private readonly ofUploads: readonly [UploadQueue, Submission, Sweep];
  private readonly uploadBuckets: s3.IBucket[];

  constructor(scope: Construct, id: string, props: ImageToModelProps = {}) {
    super(scope, id);
    const settings = settingsOf(props);
    const bucketOptions = { settings, accessLogBucket: props.accessLogBucket };
    this.uploadBucket = props.uploadBucket ?? new UploadBucket(this, 'UploadBucket', bucketOptions);
    this.assetBucket = props.assetBucket ?? createAssetBucket(this, 'AssetBucket', bucketOptions);
    this.eventBus = props.eventBus ?? events.EventBus.fromEventBusName(this, 'DefaultBus', 'default');
    this.scenarioSecret = props.scenarioSecret ?? createScenarioSecret(this);
    const { uploadBucket, assetBucket, eventBus, scenarioSecret } = this;
    const foundation = { uploadBucket, assetBucket, eventBus, scenarioSecret, settings };

    const uploads = new UploadQueue(this, 'Uploads', foundation);
    const { stateMachine } = new Generation(this, 'Generation', foundation);
    const submission = new Submission(this, 'Submission', { ...foundation, uploads, stateMachine });
    const failureReports = new FailureReports(this, 'FailureReports', { ...foundation, stateMachine });
    const sweep = new Sweep(this, 'Sweep', { ...foundation, uploads, failureReports, stateMachine });

    if (settings.renditions.length > 0) this.renditionsQueue = createRenditions(this, foundation);
    if (settings.dashboard) createDashboard(this, uploads, settings);
    if (props.assetBucket) warnOfExpiry(this, props.assetBucket);
    linkRunbooks(this, settings);
    if (props.alarmTopic) connectAlarms(this, props.alarmTopic);
    this.uploadsQueue = uploads.queue;
    this.stateMachine = stateMachine;
    this.ofUploads = [uploads, submission, sweep];
    this.uploadBuckets = [uploadBucket];
    createOutputs(this, props.outputPrefix ?? id);
  }

  /**
   * Makes models of the images in another bucket, too. Turn on its EventBridge notifications. What was in it before is
   * never bought.
   */
  addUploadBucket(bucket: s3.IBucket): void {
    const isSame = ({ bucketName }: s3.IBucket) => bucketName === bucket.bucketName;
    if (isSame(this.assetBucket))
      throw new InvalidSettingError(
        'addUploadBucket: the asset bucket cannot be one: every model would become an upload',
      );
    if (this.uploadBuckets.some(isSame)) return;
    this.uploadBuckets.push(bucket);
    const [queue, submission, sweep] = this.ofUploads;
    queue.listenTo(bucket);
    submission.readUploadsOf(bucket);
    sweep.listUploadsOf(bucket);
  }

  /** A rule for "Model Stored". */
  onModelStored(id: string, options: events.OnEventOptions = {}): events.Rule {
    return createEventRule(this, 'Model Stored', id, options);
  }

  /** A rule for "Model Failed". */
  onModelFailed(id: string, options: events.OnEventOptions = {}): events.Rule {
    return createEventRule(this, 'Model Failed', id, options);
  }

  /** A rule for "Upload Rejected". */
  onUploadRejected(id: string, options: events.OnEventOptions = {}): events.Rule {
    return createEventRule(this, 'Upload Rejected', id, options);
  }

  /** A rule for "Renditions Stored". */
  onRenditionsStored(id: string, options: events.OnEventOptions = {}): events.Rule {
    return createEventRule(this, 'Renditions Stored', id, options);
  }
}

/** The commands for operators read these. */
function createOutputs(meshdrop: ImageToModel, prefix: string): void {
  const values = {
    UploadBucketName: meshdrop.uploadBucket.bucketName,
    AssetBucketName: meshdrop.assetBucket.bucketName,
    EventBusName: meshdrop.eventBus.eventBusName,
    StateMachineArn: meshdrop.stateMachine.stateMachineArn,
    UploadsQueueUrl: meshdrop.uploadsQueue.queueUrl,
    ScenarioSecretArn: meshdrop.scenarioSecret.secretArn,
    ...(meshdrop.renditionsQueue && { RenditionsQueueUrl: meshdrop.renditionsQueue.queueUrl }),
  };
  for (const [name, value] of Object.entries(values))
    new CfnOutput(meshdrop, name, { value }).overrideLogicalId(`${prefix.replaceAll(/\W/g, '')}${name}`);
}

function createRenditions(scope: Construct, foundation: Foundation): sqs.IQueue | undefined {
  if (isBusHere(foundation.eventBus, scope)) return new Renditions(scope, 'Renditions', foundation).queue;
  Annotations.of(scope).addWarningV2(
    'meshdrop:renditions-bus-elsewhere',
    'Renditions need an event bus of this account and Region, so there are none. Set renditions to [], or use another bus.',
  );
  return undefined;
}

/** The settings that the props amount to, checked as those of `cdk.json`. */
function settingsOf(props: ImageToModelProps): Settings {
  const { uploadBucket, assetBucket, eventBus, scenarioSecret, alarmTopic, ...rest } = props;
  const { accessLogBucket, outputPrefix, sweepEvery, jobDeadline, ...plain } = rest;
  return readSettings({
    ...plain,
    uploadBucketName: uploadBucket?.bucketName,
    assetBucketName: assetBucket?.bucketName,
    accessLogBucketName: accessLogBucket?.bucketName,
    sweepMinutes: sweepEvery?.toMinutes(),
    jobDeadlineMinutes: jobDeadline?.toMinutes(),
  });
}

/** Empty until you fill it. Until then, uploads wait and none is rejected. */
function createScenarioSecret(scope: Construct): secrets.Secret {
  const empty = SecretValue.unsafePlainText('');
  const secret = new secrets.Secret(scope, 'ScenarioSecret', {
    description: 'Scenario API credentials: JSON with apiKey and apiSecret',
    secretObjectValue: { apiKey: empty, apiSecret: empty },
  });
  acknowledge(secret, {
    'AwsSolutions-SMG4': 'Scenario has no API that makes keys. To rotate one by hand, use npx meshdrop secret.',
  });
  return secret;
}
