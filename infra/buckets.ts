import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption, type BucketProps, CfnBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';

const guarded = {
  versioned: true,
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  encryption: BucketEncryption.S3_MANAGED,
  enforceSSL: true,
  removalPolicy: RemovalPolicy.RETAIN,
} as const satisfies BucketProps;

/** Parts of uploads that were never completed cost money and are seen by nobody. */
const tidy = { id: 'abandoned-uploads', abortIncompleteMultipartUploadAfter: Duration.days(7) };

/** Where images are dropped. Tells EventBridge of every new object. */
export class UploadBucket extends Bucket {
  constructor(scope: Construct, id: string) {
    super(scope, id, { ...guarded, lifecycleRules: [tidy] });
    const resource = this.node.defaultChild;
    if (!(resource instanceof CfnBucket)) throw new Error(`${id} has no bucket resource`);
    // The property itself: `eventBridgeEnabled` would add a custom resource with a Lambda function of its own.
    resource.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };
  }

  /** It is on already. CDK's own way would switch it off when it is taken away again. */
  override enableEventBridgeNotification(): void {}

  /** @throws Error always: CDK would replace all notifications with this one, and take all away with it again */
  override addEventNotification(): never {
    throw new Error(`${this.node.path}: a notification would switch EventBridge off; make it a Rule instead`);
  }
}

/** Where models stay. Records change a few times each, ledgers often, and only their last word matters. */
export function createAssetBucket(scope: Construct, id: string): Bucket {
  const superseded = Object.entries({ records: 'runs/', control: 'control/' }).map(([what, prefix]) => ({
    id: `superseded-${what}`,
    prefix,
    noncurrentVersionExpiration: Duration.days(7),
  }));
  return new Bucket(scope, id, { ...guarded, lifecycleRules: [tidy, ...superseded] });
}
