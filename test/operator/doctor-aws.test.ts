import { CloudFormationClient, DescribeStacksCommand, GetTemplateCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeKeyCommand, GetKeyPolicyCommand, KMSClient } from '@aws-sdk/client-kms';
import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketVersioningCommand,
  HeadObjectCommand,
  type LifecycleRule,
  S3Client,
} from '@aws-sdk/client-s3';
import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetTopicAttributesCommand, ListSubscriptionsByTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { checkAws } from '../../operator/doctor/check-aws.ts';
import type { Deployment } from '../../operator/deployment.ts';

const TOPIC = 'arn:aws:sns:eu-west-1:111122223333:alarms';
const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d';
const SECRET = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:scenario';
const deployment: Deployment = {
  outputs: {
    UploadBucketName: 'their-uploads',
    AssetBucketName: 'their-models',
    EventBusName: 'default',
    StateMachineArn: 'arn:aws:states:eu-west-1:111122223333:stateMachine:Generation',
    ScenarioSecretArn: SECRET,
    UploadsQueueUrl: 'https://sqs.eu-west-1.amazonaws.com/111122223333/Uploads',
  },
  region: 'eu-west-1',
  stack: 'Meshdrop',
  name: 'the deployment',
};

class Missing extends Error {
  override readonly name: string;

  constructor(name: string) {
    super(name);
    this.name = name;
  }
}

interface Account {
  readonly status: string;
  readonly isPaused: boolean;
  readonly tellsEventBridge: boolean;
  readonly moreUploads: readonly string[];
  readonly versioning: string | undefined;
  readonly rules: readonly LifecycleRule[];
  readonly key: string | undefined;
  readonly secretKey: string | undefined;
  readonly keyState: string;
  readonly keyManager: 'AWS' | 'CUSTOMER';
  readonly keyPolicy: string;
  readonly template: string;
  readonly alarms: readonly { readonly state: string; readonly topic?: string }[];
  readonly topic: Readonly<Record<string, string>>;
  readonly subscriptions: readonly string[];
  readonly concurrency: number;
}

const ROOT = 'arn:aws:iam::111122223333:root';

/** The policy of a key that lets somebody decrypt with it. */
function policyOf(Principal: unknown, Action: unknown = 'kms:*', Effect = 'Allow'): string {
  const administration = { Effect: 'Allow', Principal: { AWS: ROOT }, Action: ['kms:Describe*', 'kms:Put*'] };
  return JSON.stringify({ Statement: [administration, { Effect, Principal, Action, Resource: '*' }] });
}

const HEALTHY: Account = {
  status: 'UPDATE_COMPLETE',
  isPaused: false,
  tellsEventBridge: true,
  moreUploads: [],
  versioning: 'Enabled',
  rules: [{ ID: 'old-models', Status: 'Enabled', Filter: { Prefix: 'models/' }, Expiration: { Days: 90 } }],
  key: undefined,
  secretKey: undefined,
  keyState: 'Enabled',
  keyManager: 'CUSTOMER',
  keyPolicy: policyOf({ AWS: ROOT }),
  template: '{}',
  alarms: [{ state: 'OK', topic: TOPIC }],
  topic: { Policy: '{"Service":"cloudwatch.amazonaws.com"}' },
  subscriptions: [`${TOPIC}:1`],
  concurrency: 1000,
};

/** What the doctor finds in an account that is healthy but for this. */
async function findingsIn(changed: Partial<Account> = {}) {
  const account = { ...HEALTHY, ...changed };
  const clients = {
    s3: new S3Client({}),
    secretsManager: new SecretsManagerClient({}),
    kms: new KMSClient({}),
    cloudFormation: new CloudFormationClient({}),
    cloudWatch: new CloudWatchClient({}),
    sns: new SNSClient({}),
    lambda: new LambdaClient({}),
  };
  const stack = { StackName: 'Meshdrop', CreationTime: new Date(), StackStatus: account.status as never };
  mockClient(clients.cloudFormation)
    .on(DescribeStacksCommand)
    .resolves({ Stacks: [stack] })
    .on(GetTemplateCommand)
    .resolves({ TemplateBody: account.template });
  const rule = {
    ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: account.key },
  } as const;
  const s3 = mockClient(clients.s3)
    .on(GetBucketNotificationConfigurationCommand)
    .resolves(account.tellsEventBridge ? { EventBridgeConfiguration: {} } : {})
    .on(GetBucketNotificationConfigurationCommand, { Bucket: 'deaf-uploads' })
    .resolves({})
    .on(GetBucketVersioningCommand)
    .resolves({ Status: account.versioning as never })
    .on(GetBucketEncryptionCommand)
    .resolves({ ServerSideEncryptionConfiguration: { Rules: account.key === undefined ? [] : [rule] } });
  if (account.isPaused) s3.on(HeadObjectCommand).resolves({});
  else s3.on(HeadObjectCommand).rejects(new Missing('NotFound'));
  if (account.rules.length > 0) s3.on(GetBucketLifecycleConfigurationCommand).resolves({ Rules: [...account.rules] });
  else s3.on(GetBucketLifecycleConfigurationCommand).rejects(new Missing('NoSuchLifecycleConfiguration'));
  const alarms = account.alarms.map(({ state, topic }, n) => ({
    AlarmName: `Meshdrop-${n}`,
    StateValue: state as never,
    AlarmActions: topic === undefined ? [] : [topic],
  }));
  mockClient(clients.cloudWatch).on(DescribeAlarmsCommand).resolves({ MetricAlarms: alarms });
  mockClient(clients.sns)
    .on(GetTopicAttributesCommand)
    .resolves({ Attributes: { ...account.topic } })
    .on(ListSubscriptionsByTopicCommand)
    .resolves({ Subscriptions: account.subscriptions.map((SubscriptionArn) => ({ SubscriptionArn })) });
  mockClient(clients.secretsManager).on(DescribeSecretCommand).resolves({ KmsKeyId: account.secretKey });
  const metadata = { KeyId: KEY, Arn: KEY, KeyState: account.keyState, KeyManager: account.keyManager } as never;
  mockClient(clients.kms)
    .on(DescribeKeyCommand)
    .resolves({ KeyMetadata: metadata })
    .on(GetKeyPolicyCommand)
    .resolves({ Policy: account.keyPolicy });
  mockClient(clients.lambda)
    .on(GetAccountSettingsCommand)
    .resolves({ AccountLimit: { UnreservedConcurrentExecutions: account.concurrency } });
  return await checkAws(deployment, account.moreUploads, clients);
}

describe('the doctor in AWS', () => {
  it('finds nothing wrong with a deployment that works', async () => {
    const findings = await findingsIn();

    expect(findings.filter(({ status }) => status !== 'ok')).toEqual([]);
  });

  it('knows a bucket without any lifecycle rule', async () => {
    expect((await findingsIn({ rules: [] })).every(({ status }) => status === 'ok')).toBe(true);
  });

  const expiring = (Prefix: string): LifecycleRule => ({
    ID: 'tidy',
    Status: 'Enabled',
    Filter: { Prefix },
    Expiration: { Days: 30 },
  });
  it.each<[string, 'problem' | 'warning', Partial<Account>, RegExp]>([
    ['stack', 'problem', { status: 'UPDATE_ROLLBACK_COMPLETE' }, /is UPDATE_ROLLBACK_COMPLETE/],
    ['pause', 'warning', { isPaused: true }, /are paused/],
    ['notifications', 'problem', { tellsEventBridge: false }, /does not notify EventBridge/],
    ['notifications', 'problem', { moreUploads: ['more-uploads', 'deaf-uploads'] }, /the bucket deaf-uploads does not/],
    ['versioning', 'warning', { versioning: 'Suspended' }, /not versioned: their-uploads, their-models/],
    ['lifecycle', 'problem', { rules: [expiring('runs/')] }, /tidy expires runs\//],
    ['lifecycle', 'problem', { rules: [expiring('')] }, /tidy expires runs\/, tidy expires results\/, .*control\//],
    ['lifecycle', 'problem', { rules: [expiring('results/ab')] }, /tidy expires results\//],
    ['encryption', 'problem', { key: KEY }, /are not allowed to use arn:aws:kms/],
    ['encryption', 'problem', { secretKey: KEY }, /are not allowed to use arn:aws:kms/],
    ['encryption', 'problem', { key: KEY, template: KEY, keyState: 'Disabled' }, /is Disabled, so uploads wait/],
    ['encryption', 'problem', { secretKey: KEY, template: KEY, keyState: 'PendingDeletion' }, /is PendingDeletion/],
    ...[
      policyOf({ AWS: 'arn:aws:iam::111122223333:role/Admin' }),
      policyOf({ AWS: ROOT }, 'kms:Encrypt'),
      policyOf({ AWS: ROOT }, 'kms:*', 'Deny'),
      policyOf({ Service: 'logs.amazonaws.com' }),
      'unreadable',
    ].map((keyPolicy): [string, 'problem', Partial<Account>, RegExp] => [
      'encryption',
      'problem',
      { key: KEY, template: KEY, keyPolicy },
      /lets nobody but its administrators use it/,
    ]),
    ['alarms', 'warning', { alarms: [{ state: 'OK' }] }, /1 alarms notify nobody/],
    ['alarms', 'warning', { alarms: [{ state: 'ALARM', topic: TOPIC }] }, /ringing: Meshdrop-0/],
    ['alarms', 'problem', { subscriptions: [] }, /nobody has confirmed a subscription/],
    ['alarms', 'problem', { subscriptions: ['PendingConfirmation'] }, /nobody has confirmed/],
    [
      'alarms',
      'problem',
      { topic: { ...HEALTHY.topic, KmsMasterKeyId: 'alias/aws/sns' }, keyManager: 'AWS' },
      /cannot use the key alias\/aws\/sns/,
    ],
    ['alarms', 'problem', { topic: { ...HEALTHY.topic, KmsMasterKeyId: KEY } }, /cannot use the key arn:aws:kms/],
    [
      'alarms',
      'problem',
      { topic: { Policy: '{"Sid":"TLS only"}' } },
      /does not let cloudwatch\.amazonaws\.com publish/,
    ],
    ['concurrency', 'warning', { concurrency: 10 }, /only 10 functions/],
  ])('sees what is wrong, and says what to do: %s (case %#)', async (check, status, changed, message) => {
    const findings = await findingsIn(changed);

    expect(findings.filter((one) => one.status !== 'ok')).toEqual([
      {
        check,
        status,
        message: expect.stringMatching(message) as string,
        fix: expect.stringMatching(/\w{5}/) as string,
      },
    ]);
  });

  it('is content if the policies name the key, and if SNS itself wrote the policy of the topic', async () => {
    const findings = await findingsIn({
      key: KEY,
      template: `{"Resource":"${KEY}"}`,
      topic: { Policy: '{"Id":"__default_policy_ID","Sid":"__default_statement_ID"}' },
    });

    expect(findings.filter(({ status }) => status !== 'ok')).toEqual([]);
  });

  it.each<[string, Partial<Account>]>([
    ['the account may use it', { keyPolicy: policyOf({ AWS: [ROOT] }, ['kms:Decrypt', 'kms:GenerateDataKey*']) }],
    ['everybody may, under conditions', { keyPolicy: policyOf('*') }],
    [
      'it names the roles',
      { keyPolicy: policyOf({ AWS: 'arn:aws:iam::111122223333:role/Meshdrop-SubmitJobRole1A2' }) },
    ],
    ['AWS manages the key', { keyManager: 'AWS', keyPolicy: '', template: '{}' }],
    [
      'CloudWatch may use the key of the topic',
      {
        topic: { ...HEALTHY.topic, KmsMasterKeyId: KEY },
        keyPolicy: policyOf({ AWS: ROOT, Service: 'cloudwatch.amazonaws.com' }),
      },
    ],
  ])('is content with a key if %s', async (_, changed) => {
    const findings = await findingsIn({ key: KEY, secretKey: KEY, template: `{"Resource":"${KEY}"}`, ...changed });

    expect(findings.filter(({ status }) => status !== 'ok')).toEqual([]);
  });

  it('goes on when it may not look at something', async () => {
    const clients = { s3: new S3Client({}), cloudFormation: new CloudFormationClient({}) };
    mockClient(clients.s3).rejects(new Missing('AccessDenied'));
    mockClient(clients.cloudFormation).rejects(new Missing('AccessDenied'));
    const others = {
      kms: new KMSClient({}),
      secretsManager: new SecretsManagerClient({}),
      cloudWatch: new CloudWatchClient({}),
      sns: new SNSClient({}),
      lambda: new LambdaClient({}),
    };
    for (const client of Object.values(others)) mockClient(client as never).rejects(new Missing('AccessDenied'));

    const findings = await checkAws(deployment, [], { ...clients, ...others });

    expect(findings).toHaveLength(8);
    for (const { status, fix } of findings)
      expect([status, fix]).toEqual(['warning', expect.stringContaining('allow')]);
  });
});
