import { CloudFormationClient, DescribeStacksCommand, GetTemplateCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, DescribeAlarmsCommand, type MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { KMSClient } from '@aws-sdk/client-kms';
import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketVersioningCommand,
  HeadObjectCommand,
  type LifecycleRule,
  S3Client,
} from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetTopicAttributesCommand, ListSubscriptionsByTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { permanentBelow } from '../../functions/contract/permanent-keys.ts';
import { toError } from '../../functions/platform/errors.ts';
import { PAUSE_KEY } from '../../functions/spending/spend-guard.ts';
import type { Deployment } from '../deployment.ts';
import { checkKeys, type KeyClients, readKey } from './check-keys.ts';
import { type Finding, find, ok, problem, type Result, skipped, warning } from './finding.ts';

export interface AwsClients extends KeyClients {
  readonly cloudFormation: CloudFormationClient;
  readonly cloudWatch: CloudWatchClient;
  readonly sns: SNSClient;
  readonly lambda: LambdaClient;
}

/** Uses the credentials of the caller. */
export function createAwsClients(region: string): AwsClients {
  return {
    s3: new S3Client({ region }),
    secretsManager: new SecretsManagerClient({ region }),
    kms: new KMSClient({ region }),
    cloudFormation: new CloudFormationClient({ region }),
    cloudWatch: new CloudWatchClient({ region }),
    sns: new SNSClient({ region }),
    lambda: new LambdaClient({ region }),
  };
}

/**
 * Checks a deployment in AWS. Changes nothing.
 *
 * @param moreUploads the upload buckets that are not in the outputs
 */
export async function checkAws(
  deployment: Deployment,
  moreUploads: readonly string[],
  clients: AwsClients,
): Promise<readonly Finding[]> {
  const { outputs, stack } = deployment;
  const assets = outputs.AssetBucketName;
  const uploads = [outputs.UploadBucketName, ...moreUploads];
  const template = await templateOf(stack, clients);
  return [
    await find('stack', () => stackOf(stack, clients)),
    await find('pause', () => pauseOf(assets, clients)),
    await find('notifications', () => notificationsOf(uploads, clients)),
    await find('versioning', () => versioningOf([...uploads, assets], clients)),
    await find('lifecycle', () => lifecycleOf(assets, clients)),
    await find('encryption', () => checkKeys(deployment, [...uploads, assets], template, clients)),
    await find('alarms', () => alarmsOf(stack, clients)),
    await find('concurrency', () => concurrencyOf(clients)),
  ];
}

async function templateOf(stack: string | undefined, { cloudFormation }: AwsClients): Promise<string | undefined> {
  if (stack === undefined) return undefined;
  const answer = await cloudFormation.send(new GetTemplateCommand({ StackName: stack })).catch(() => undefined);
  return answer?.TemplateBody;
}

async function stackOf(stack: string | undefined, { cloudFormation }: AwsClients): Promise<Result> {
  if (stack === undefined) return skipped('the outputs do not name the stack');
  const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName: stack }));
  const status = Stacks?.[0]?.StackStatus ?? 'missing';
  if (status.endsWith('_COMPLETE') && !status.includes('ROLLBACK') && !status.startsWith('DELETE'))
    return ok(`the stack ${stack} is ${status}`);
  return problem(`the stack ${stack} is ${status}`, 'look at its events in CloudFormation, and deploy again');
}

async function pauseOf(bucket: string, { s3 }: AwsClients): Promise<Result> {
  const isPaused = await exists(() => s3.send(new HeadObjectCommand({ Bucket: bucket, Key: PAUSE_KEY })));
  if (!isPaused) return ok('submissions are not paused');
  return warning('submissions are paused, so images wait', 'to resume, use npx meshdrop resume');
}

async function notificationsOf(buckets: readonly string[], { s3 }: AwsClients): Promise<Result> {
  for (const Bucket of buckets) {
    const { EventBridgeConfiguration } = await s3.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
    if (!EventBridgeConfiguration)
      return problem(
        `the bucket ${Bucket} does not notify EventBridge, so only the sweep finds its images`,
        'turn on EventBridge in the properties of the bucket',
      );
  }
  return ok(`EventBridge is notified by ${buckets.join(', ')}`);
}

async function versioningOf(buckets: readonly string[], { s3 }: AwsClients): Promise<Result> {
  const unversioned: string[] = [];
  for (const bucket of buckets) {
    const { Status } = await s3.send(new GetBucketVersioningCommand({ Bucket: bucket }));
    if (Status !== 'Enabled') unversioned.push(bucket);
  }
  if (unversioned.length === 0) return ok('all buckets are versioned');
  return warning(
    `not versioned: ${unversioned.join(', ')}. A lost event of an image cannot be found again there`,
    'turn on versioning',
  );
}

async function lifecycleOf(bucket: string, { s3 }: AwsClients): Promise<Result> {
  const { Rules = [] } = await s3
    .send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket }))
    .catch((thrown: unknown) => {
      if (toError(thrown).name === 'NoSuchLifecycleConfiguration') return { Rules: [] };
      throw thrown;
    });
  const harmful = Rules.filter((rule) => rule.Status === 'Enabled' && expires(rule)).flatMap((rule) => {
    return permanentBelow(prefixOf(rule)).map((folder) => `${rule.ID ?? 'a rule'} expires ${folder}`);
  });
  if (harmful.length === 0) return ok('no lifecycle rule expires what Meshdrop needs');
  return problem(
    `in the bucket ${bucket}, ${harmful.join(', ')}: images would be bought again`,
    'limit these rules to other prefixes, such as models/',
  );
}

function expires({ Expiration }: LifecycleRule): boolean {
  return Expiration?.Days !== undefined || Expiration?.Date !== undefined;
}

function prefixOf({ Filter, Prefix }: LifecycleRule): string {
  return Filter?.Prefix ?? Filter?.And?.Prefix ?? Prefix ?? '';
}

async function alarmsOf(stack: string | undefined, clients: AwsClients): Promise<Result> {
  if (stack === undefined) return skipped('the outputs do not name the stack');
  const alarms = await alarmsIn(stack, clients);
  if (alarms.length === 0) return warning('no alarms were found', 'deploy again, or check the Region');
  const ringing = alarms.filter(({ StateValue }) => StateValue === 'ALARM').map(({ AlarmName = '' }) => AlarmName);
  const topics = [...new Set(alarms.flatMap(({ AlarmActions = [] }) => AlarmActions))];
  const deaf: string[] = [];
  for (const topic of topics) deaf.push(...(await deafness(topic, clients)));
  if (topics.length === 0)
    return warning(`${alarms.length} alarms notify nobody`, 'set alarmTopicArn to a topic that somebody reads');
  if (deaf.length > 0)
    return problem(deaf.join('; '), 'correct the topic: docs/operations.md, "Alarms that reach you"');
  if (ringing.length > 0)
    return warning(`ringing: ${ringing.join(', ')}`, 'the description of each alarm says what to do');
  return ok(`${alarms.length} alarms notify ${topics.join(', ')}, and none is ringing`);
}

/** The alarms of a deployment begin with the name of its stack. */
async function alarmsIn(stack: string, { cloudWatch }: AwsClients): Promise<readonly MetricAlarm[]> {
  const found: MetricAlarm[] = [];
  let NextToken: string | undefined;
  do {
    const page = await cloudWatch.send(new DescribeAlarmsCommand({ AlarmNamePrefix: `${stack}-`, NextToken }));
    found.push(...(page.MetricAlarms ?? []));
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return found;
}

const CLOUDWATCH = 'cloudwatch.amazonaws.com';

/** Why a notification would reach nobody. */
async function deafness(topic: string, { sns, kms }: AwsClients): Promise<readonly string[]> {
  if (!topic.includes(':sns:')) return [];
  const { Attributes = {} } = await sns.send(new GetTopicAttributesCommand({ TopicArn: topic }));
  const { Subscriptions = [] } = await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn: topic }));
  const confirmed = Subscriptions.filter(({ SubscriptionArn = '' }) => SubscriptionArn.startsWith('arn:'));
  const reasons = [];
  if (confirmed.length === 0) reasons.push(`nobody has confirmed a subscription to ${topic}`);
  const { KmsMasterKeyId: key } = Attributes;
  if (key !== undefined && !(await readKey(key, kms)).policy.includes(CLOUDWATCH))
    reasons.push(`CloudWatch cannot use the key ${key} of ${topic}`);
  if (!(Attributes['Policy'] ?? '').includes(CLOUDWATCH) && !isOpenToOwner(Attributes['Policy']))
    reasons.push(`the policy of ${topic} does not let ${CLOUDWATCH} publish`);
  return reasons;
}

/** The policy that SNS itself gives to a new topic lets everything in the account publish. */
function isOpenToOwner(policy = ''): boolean {
  return policy.includes('__default_statement_ID');
}

/** With less, the functions of a burst are throttled. A new account begins with 10. */
const ENOUGH = 100;

async function concurrencyOf({ lambda }: AwsClients): Promise<Result> {
  const { AccountLimit } = await lambda.send(new GetAccountSettingsCommand({}));
  const free = AccountLimit?.UnreservedConcurrentExecutions ?? 0;
  if (free >= ENOUGH) return ok(`${free} functions can run at the same time in this Region`);
  return warning(
    `only ${free} functions can run at the same time in this Region`,
    'ask for a higher quota "Concurrent executions" of Lambda; until then, images take longer in a burst',
  );
}

async function exists(head: () => Promise<unknown>): Promise<boolean> {
  try {
    await head();
    return true;
  } catch (error) {
    if (toError(error).name === 'NotFound') return false;
    throw error;
  }
}
