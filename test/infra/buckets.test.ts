import { SqsDestination } from 'aws-cdk-lib/aws-s3-notifications';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { describe, expect, it } from 'vitest';
import { synthesizedConstruct, synthesizedStack } from './synthesized.ts';

const template = synthesizedStack();

describe('the buckets', () => {
  it('are two', () => {
    expect(Object.keys(template.resources('AWS::S3::Bucket'))).toEqual(['UploadBucket', 'AssetBucket']);
  });

  it.each(['UploadBucket', 'AssetBucket'])(
    'are versioned, encrypted, private, and kept once they exist: %s',
    (name) => {
      const bucket = template.resources('AWS::S3::Bucket')[name];

      expect(bucket).toMatchObject({
        DeletionPolicy: 'RetainExceptOnCreate',
        UpdateReplacePolicy: 'Retain',
        Properties: {
          VersioningConfiguration: { Status: 'Enabled' },
          BucketEncryption: {
            ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
          },
          PublicAccessBlockConfiguration: {
            BlockPublicAcls: true,
            BlockPublicPolicy: true,
            IgnorePublicAcls: true,
            RestrictPublicBuckets: true,
          },
        },
      });
    },
  );

  it.each(['UploadBucket', 'AssetBucket'])('refuse whatever comes without TLS, and allow nobody: %s', (name) => {
    expect(template.properties('AWS::S3::BucketPolicy', `${name}/Policy`)).toMatchObject({
      Bucket: name,
      PolicyDocument: {
        Statement: [
          {
            Effect: 'Deny',
            Principal: { AWS: '*' },
            Action: 's3:*',
            Resource: [`${name}.Arn`, `${name}.Arn/*`],
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          },
        ],
      },
    });
  });

  it('write access logs into a bucket of yours, and can go with the stack, if the settings say so', () => {
    const changed = synthesizedStack({ accessLogBucketName: 'their-logs', removalPolicy: 'destroy' });

    for (const [name, bucket] of Object.entries(changed.resources('AWS::S3::Bucket'))) {
      expect(bucket.DeletionPolicy).toBe('Delete');
      expect(bucket.Properties).toMatchObject({
        LoggingConfiguration: { DestinationBucketName: 'their-logs', LogFilePrefix: `${name}/` },
      });
    }
  });

  it('tell EventBridge of uploads by property, and of assets not at all', () => {
    const { NotificationConfiguration } = template.properties('AWS::S3::Bucket', 'UploadBucket');

    expect(NotificationConfiguration).toEqual({ EventBridgeConfiguration: { EventBridgeEnabled: true } });
    expect(template.properties('AWS::S3::Bucket', 'AssetBucket')).not.toHaveProperty('NotificationConfiguration');
  });

  it('take no notification of another kind, by which CDK would silence EventBridge', () => {
    const listening = () =>
      synthesizedConstruct(
        () => ({}),
        ({ uploadBucket }, stack) =>
          uploadBucket.addObjectRemovedNotification(new SqsDestination(new Queue(stack, 'Removals'))),
      );

    expect(listening).toThrow(/UploadBucket: .* create a Rule instead/);
  });

  it('notify EventBridge without the custom resource that CDK would add, however often that is asked for', () => {
    const asked = synthesizedConstruct(
      () => ({}),
      ({ uploadBucket }) => uploadBucket.enableEventBridgeNotification(),
    );

    expect(asked.text).not.toContain('Custom::S3BucketNotifications');
  });

  it('never expire a model, a record or an upload: only parts left behind and old versions of records and ledgers', () => {
    const parts = {
      Id: 'abandoned-uploads',
      Status: 'Enabled',
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
    };
    const records = {
      Id: 'superseded-records',
      Status: 'Enabled',
      Prefix: 'runs/',
      NoncurrentVersionExpiration: { NoncurrentDays: 7 },
    };

    expect(template.properties('AWS::S3::Bucket', 'UploadBucket')).toMatchObject({
      LifecycleConfiguration: { Rules: [parts] },
    });
    expect(template.properties('AWS::S3::Bucket', 'AssetBucket')).toMatchObject({
      LifecycleConfiguration: {
        Rules: [parts, records, { ...records, Id: 'superseded-control', Prefix: 'control/' }],
      },
    });
  });
});
