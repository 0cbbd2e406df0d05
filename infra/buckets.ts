import { Annotations, Duration, RemovalPolicy, aws_s3 as s3, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import type { Settings } from './settings/settings.ts';
import { PERMANENT, permanentBelow } from '../functions/contract/permanent-keys.ts';

/** What new buckets have in common. */
export interface BucketOptions {
  readonly settings: Pick<Settings, 'removalPolicy'>;
  /** Where S3 writes its server access logs. */
  readonly accessLogBucket: s3.IBucket | undefined;
}

/** Access logs cost money and are a choice of the account, not of this construct. */
function acknowledgeLogs(bucket: s3.Bucket, { accessLogBucket }: BucketOptions): void {
  if (accessLogBucket) return;
  acknowledge(bucket, { 'AwsSolutions-S1': 'To log access, set accessLogBucket, or use data events of CloudTrail.' });
}

function guarded(id: string, { settings, accessLogBucket }: BucketOptions) {
  return {
    versioned: true,
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    encryption: s3.BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    ...(accessLogBucket && { serverAccessLogsBucket: accessLogBucket, serverAccessLogsPrefix: `${id}/` }),
    // A first deployment that fails leaves none behind. S3 never deletes a bucket that is not empty.
    removalPolicy:
      settings.removalPolicy === 'destroy' ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
  } satisfies s3.BucketProps;
}

/** Parts of incomplete uploads cost money and are invisible. */
const tidy = { id: 'abandoned-uploads', abortIncompleteMultipartUploadAfter: Duration.days(7) };

/** Where images are dropped. Notifies EventBridge of every new object. */
export class UploadBucket extends s3.Bucket {
  constructor(scope: Construct, id: string, options: BucketOptions) {
    super(scope, id, { ...guarded(id, options), lifecycleRules: [tidy] });
    acknowledgeLogs(this, options);
    const resource = this.node.defaultChild;
    if (!(resource instanceof s3.CfnBucket)) throw new Error(`${id} has no bucket resource`);
    // CDK's `eventBridgeEnabled` would add a custom resource with its own Lambda function.
    resource.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };
  }

  /** Already on. CDK's version would turn it off again when you remove the call. */
  override enableEventBridgeNotification(): void {}

  /** @throws Error always: CDK would replace all notifications with this one, and remove them all together with it */
  override addEventNotification(): never {
    throw new Error(`${this.node.path}: a notification would turn off EventBridge; create a Rule instead`);
  }
}

/** Where models are stored. Records and ledgers change often, and only their latest version matters. */
export function createAssetBucket(scope: Construct, id: string, options: BucketOptions): s3.Bucket {
  const superseded = Object.entries({ records: 'runs/', control: 'control/' }).map(([what, prefix]) => ({
    id: `superseded-${what}`,
    prefix,
    noncurrentVersionExpiration: Duration.days(7),
  }));
  const bucket = new s3.Bucket(scope, id, { ...guarded(id, options), lifecycleRules: [tidy, ...superseded] });
  acknowledgeLogs(bucket, options);
  return bucket;
}

/** A lifecycle rule of a bucket that is made in the same app. The doctor looks at all others. */
export function warnOfExpiry(scope: Construct, bucket: s3.IBucket): void {
  const resource = bucket.node.defaultChild;
  if (!(resource instanceof s3.CfnBucket)) return;
  const { rules = [] } = {
    ...(Stack.of(scope).resolve(resource.lifecycleConfiguration) as { rules?: readonly Rule[] }),
  };
  const harmful = rules.filter(({ status, prefix = '', ...rule }) => {
    const isExpiring = rule.expirationInDays !== undefined || rule.expirationDate !== undefined;
    return status === 'Enabled' && isExpiring && permanentBelow(prefix).length > 0;
  });
  if (harmful.length === 0) return;
  Annotations.of(scope).addWarningV2(
    'meshdrop:expiring-records',
    `A lifecycle rule of the asset bucket expires ${PERMANENT.join(', ')}: images would be bought again. Limit it to models/.`,
  );
}

type Rule = Pick<s3.CfnBucket.RuleProperty, 'status' | 'prefix' | 'expirationInDays' | 'expirationDate'>;
