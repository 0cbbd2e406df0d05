import {
  Annotations,
  Duration,
  aws_events as events,
  aws_kms as kms,
  aws_s3 as s3,
  aws_secretsmanager as secrets,
  aws_sns as sns,
  Stack,
  type StackProps,
} from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ImageToModel, type ImageToModelProps } from './image-to-model.ts';
import { KEYS_OF } from './settings/conflicts.ts';
import { plainSettingsOf, type Settings } from './settings/settings.ts';

const DESCRIPTION = 'Meshdrop: turns images in one bucket into 3D models in another one';

/** The construct in a stack of its own, with the existing resources that the settings name. */
export class MeshdropStack extends Stack {
  constructor(scope: Construct, id: string, settings: Settings, props?: StackProps) {
    const { stackName, stage } = settings;
    super(scope, id, { stackName: [stackName, stage].filter(Boolean).join('-'), description: DESCRIPTION, ...props });
    warnOfKeys(this, settings);
    new ImageToModel(this, 'ImageToModel', { ...propsOf(this, settings), outputPrefix: '' });
  }
}

/** Objects in place of the names, ARNs, and minutes. */
function propsOf(scope: Construct, settings: Settings): ImageToModelProps {
  const { uploadBucketName: uploads, assetBucketName: assets, eventBusName: bus } = settings;
  const { uploadBucketKeyArn: uploadsKey, assetBucketKeyArn: assetsKey, secretKeyArn: secretKey } = settings;
  const keyed = (id: string, arn: string | undefined) => {
    const encryptionKey = ifGiven(arn, (keyArn) => kms.Key.fromKeyArn(scope, id, keyArn));
    return encryptionKey ? { encryptionKey } : {};
  };
  const bucket = (id: string, bucketName: string, key: string | undefined) =>
    s3.Bucket.fromBucketAttributes(scope, id, { bucketName, ...keyed(`${id}Key`, key) });
  const { scenarioSecretArn: secret, alarmTopicArn: topic, accessLogBucketName: accessLogs } = settings;
  return {
    ...plainSettingsOf(settings),
    sweepEvery: Duration.minutes(settings.sweepMinutes),
    jobDeadline: Duration.minutes(settings.jobDeadlineMinutes),
    uploadBucket: ifGiven(uploads, (name) => bucket('UploadBucket', name, uploadsKey)),
    assetBucket: ifGiven(assets, (name) => bucket('AssetBucket', name, assetsKey)),
    eventBus: ifGiven(bus, (name) => events.EventBus.fromEventBusName(scope, 'EventBus', name)),
    scenarioSecret: ifGiven(secret, (secretCompleteArn) =>
      secrets.Secret.fromSecretAttributes(scope, 'Secret', { secretCompleteArn, ...keyed('SecretKey', secretKey) }),
    ),
    accessLogBucket: ifGiven(accessLogs, (name) => s3.Bucket.fromBucketName(scope, 'AccessLogBucket', name)),
    alarmTopic: ifGiven(topic, (arn) => sns.Topic.fromTopicArn(scope, 'AlarmTopic', arn)),
  };
}

function ifGiven<Result>(value: string | undefined, create: (value: string) => Result): Result | undefined {
  return value === undefined ? undefined : create(value);
}

/** Without the key of an encrypted bucket or secret, nothing is granted, and every upload is refused and waits. */
function warnOfKeys(stack: Stack, settings: Settings): void {
  for (const [key, owner] of KEYS_OF) {
    if (settings[owner] === undefined || settings[key] !== undefined) continue;
    Annotations.of(stack).addWarningV2(
      `meshdrop:${key}`,
      `If ${settings[owner]} is encrypted with a KMS key of your own, set ${key}, so that the functions can use it.`,
    );
  }
}
