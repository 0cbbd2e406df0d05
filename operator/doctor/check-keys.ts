import { DescribeKeyCommand, GetKeyPolicyCommand, type KMSClient } from '@aws-sdk/client-kms';
import { GetBucketEncryptionCommand, type S3Client } from '@aws-sdk/client-s3';
import { DescribeSecretCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { parseJson } from '../../functions/platform/json.ts';
import type { Deployment } from '../deployment.ts';
import { ok, problem, type Result, skipped } from './finding.ts';

export interface KeyClients {
  readonly s3: S3Client;
  readonly secretsManager: SecretsManagerClient;
  readonly kms: KMSClient;
}

/** Checks that the functions can use the KMS keys of the buckets and of the secret. */
export async function checkKeys(
  { outputs, stack }: Deployment,
  buckets: readonly string[],
  template: string | undefined,
  clients: KeyClients,
): Promise<Result> {
  const names = [...(await bucketKeys(buckets, clients)), ...(await secretKeys(outputs.ScenarioSecretArn, clients))];
  const keys = new Map<string, Key>();
  for (const name of new Set(names)) {
    const key = await readKey(name, clients.kms);
    if (!key.isOfAws) keys.set(key.arn, key);
  }
  if (keys.size === 0) return ok('the buckets and the secret have no KMS key of their own');
  const broken = [...keys.values()].find(({ state }) => state !== 'Enabled');
  if (broken)
    return problem(
      `the key ${broken.arn} is ${broken.state}, so uploads wait`,
      'enable it, or cancel its deletion; nothing is lost until then',
    );
  const root = rootOf(outputs.StateMachineArn);
  const closed = [...keys.values()].find((key) => !letsUse(key, root, stack));
  if (closed)
    return problem(
      `the policy of the key ${closed.arn} lets nobody but its administrators use it, so uploads wait`,
      `let ${root} use it, so that the policies of the functions decide`,
    );
  return namedIn(template, [...keys.keys()]);
}

/** The policies of the functions must name a key, too. */
function namedIn(template: string | undefined, arns: readonly string[]): Result {
  if (template === undefined) return skipped('needs --stack, to see which keys the functions are allowed to use');
  const missing = arns.filter((arn) => !template.includes(arn.split('/').at(-1) ?? arn));
  if (missing.length === 0) return ok(`the functions are allowed to use ${arns.join(', ')}`);
  return problem(
    `the functions are not allowed to use ${missing.join(', ')}, so uploads wait`,
    'set uploadBucketKeyArn, assetBucketKeyArn, or secretKeyArn, and deploy',
  );
}

async function bucketKeys(buckets: readonly string[], { s3 }: KeyClients): Promise<readonly string[]> {
  const keys: string[] = [];
  for (const bucket of buckets) {
    const { ServerSideEncryptionConfiguration } = await s3.send(new GetBucketEncryptionCommand({ Bucket: bucket }));
    const rules = ServerSideEncryptionConfiguration?.Rules ?? [];
    keys.push(...rules.flatMap(({ ApplyServerSideEncryptionByDefault: by }) => by?.KMSMasterKeyID ?? []));
  }
  return keys;
}

async function secretKeys(arn: string | undefined, { secretsManager }: KeyClients): Promise<readonly string[]> {
  if (arn === undefined) return [];
  const { KmsKeyId } = await secretsManager.send(new DescribeSecretCommand({ SecretId: arn }));
  return KmsKeyId === undefined ? [] : [KmsKeyId];
}

interface Key {
  readonly arn: string;
  /** `Enabled`, or why it cannot be used. */
  readonly state: string;
  /** Whether AWS manages it: then, everybody in the account can use it through its service. */
  readonly isOfAws: boolean;
  /** Empty for a key of AWS. */
  readonly policy: string;
}

/** @param name - an ARN, an ID, or an alias */
export async function readKey(name: string, kms: KMSClient): Promise<Key> {
  const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: name }));
  const { Arn = name, KeyState = 'missing', KeyManager } = KeyMetadata ?? {};
  if (KeyManager === 'AWS') return { arn: Arn, state: KeyState, isOfAws: true, policy: '' };
  const { Policy = '' } = await kms.send(new GetKeyPolicyCommand({ KeyId: Arn, PolicyName: 'default' }));
  return { arn: Arn, state: KeyState, isOfAws: false, policy: Policy };
}

const list = z.union([z.string(), z.array(z.string())]).transform((one) => [one].flat());
const principals = z.union([z.literal('*').transform((AWS) => ({ AWS: [AWS] })), z.object({ AWS: list.optional() })]);
const policyShape = z.object({
  Statement: z.array(z.object({ Effect: z.string(), Principal: principals.optional(), Action: list.optional() })),
});

/**
 * Whether the policy of the key lets the account, or roles of the stack, decrypt with it. Conditions are not evaluated.
 */
function letsUse({ policy }: Key, root: string, stack: string | undefined): boolean {
  const { Statement = [] } = policyShape.safeParse(parseJson(policy)).data ?? {};
  return Statement.some(
    ({ Effect, Principal, Action = [] }) =>
      Effect === 'Allow' &&
      Action.some((action) => ['kms:*', '*', 'kms:Decrypt', 'kms:Decrypt*'].includes(action)) &&
      (Principal?.AWS ?? []).some(
        (who) =>
          ['*', root, root.split(':')[4]].includes(who) || (stack !== undefined && who.includes(`:role/${stack}-`)),
      ),
  );
}

/** The principal that stands for everybody in the account of this resource. */
function rootOf(arn: string): string {
  const [, partition, , , account] = arn.split(':');
  return `arn:${partition}:iam::${account}:root`;
}
