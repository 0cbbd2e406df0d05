import type { Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { describe, expect, it } from 'vitest';
import { MeshdropStack } from '../../infra/meshdrop-stack.ts';
import { readSettings } from '../../infra/settings/settings.ts';
import { testApp } from './app.ts';
import { answering, DEFAULT_BUS, logging, permissionsOf, receiving, sharing, tracing } from './permissions.ts';
import { functionNames, synthesizedConstruct, synthesizedStack } from './synthesized.ts';

const template = synthesizedStack();

/** Part 6 of a machine's ARN is its name. */
const DESCRIBE_EXECUTIONS =
  'states:DescribeExecution on arn:aws:states:us-east-1:111122223333:execution:Generation/StateMachine[6]:*';

describe('the permissions', () => {
  it('of SubmitJob are to read uploads and models, see a pause and the gate, call Scenario, start executions and answer', () => {
    expect(permissionsOf(template, 'SubmitJobRole')).toEqual(
      [
        's3:GetObject on UploadBucket.Arn/*',
        's3:GetObjectVersion on UploadBucket.Arn/*',
        's3:ListBucket on UploadBucket.Arn',
        's3:GetObject on AssetBucket.Arn/models/*',
        's3:GetObjectVersion on AssetBucket.Arn/models/*',
        's3:GetObject on AssetBucket.Arn/control/paused.json',
        's3:GetObject on AssetBucket.Arn/control/durations.json',
        's3:GetObject on AssetBucket.Arn/control/gate.json',
        's3:PutObject on AssetBucket.Arn/control/gate.json',
        ...sharing('AssetBucket.Arn'),
        DESCRIBE_EXECUTIONS,
        'secretsmanager:GetSecretValue on ScenarioSecret',
        'states:StartExecution on Generation/StateMachine',
        ...answering('AssetBucket.Arn', DEFAULT_BUS),
        ...receiving('Uploads/Queue.Arn'),
        ...logging('Submission/SubmitJob'),
        ...tracing,
      ].sort(),
    );
  });

  it('of CheckJob are to call Scenario, and to share what it sees there', () => {
    expect(permissionsOf(template, 'CheckJobRole')).toEqual(
      [
        'secretsmanager:GetSecretValue on ScenarioSecret',
        's3:ListBucket on AssetBucket.Arn',
        ...sharing('AssetBucket.Arn'),
        ...logging('Generation/CheckJob'),
        ...tracing,
      ].sort(),
    );
  });

  it('of StoreAssets are to call Scenario, write models and answer', () => {
    expect(permissionsOf(template, 'StoreAssetsRole')).toEqual(
      [
        'secretsmanager:GetSecretValue on ScenarioSecret',
        's3:AbortMultipartUpload on AssetBucket.Arn/models/*',
        's3:PutObject on AssetBucket.Arn/models/*',
        's3:GetObject on AssetBucket.Arn/control/durations.json',
        's3:PutObject on AssetBucket.Arn/control/durations.json',
        ...sharing('AssetBucket.Arn'),
        ...answering('AssetBucket.Arn', DEFAULT_BUS),
        ...logging('Generation/StoreAssets'),
        ...tracing,
      ].sort(),
    );
  });

  it('of ReportFailure are to describe executions of this machine, receive reports and answer', () => {
    expect(permissionsOf(template, 'ReportFailureRole')).toEqual(
      [
        DESCRIBE_EXECUTIONS,
        ...receiving('FailureReports/Queue.Arn'),
        ...answering('AssetBucket.Arn', DEFAULT_BUS),
        ...logging('FailureReports/ReportFailure'),
        ...tracing,
      ].sort(),
    );
  });

  it('of MakeRenditions are to read models, and to write only files with the endings of renditions', () => {
    const files = ['*.web.glb', '*.plain.glb', '*.usdz', '*.poster.webp', '*.turntable.webp'];
    expect(permissionsOf(template, 'MakeRenditionsRole')).toEqual(
      [
        's3:GetObject on AssetBucket.Arn/models/*',
        's3:GetObjectVersion on AssetBucket.Arn/models/*',
        's3:ListBucket on AssetBucket.Arn',
        's3:GetObject on AssetBucket.Arn/models/*/renditions.json',
        ...['*/renditions.json', ...files].map((name) => `s3:PutObject on AssetBucket.Arn/models/${name}`),
        `events:PutEvents on ${DEFAULT_BUS}`,
        ...receiving('Renditions/Queue.Arn'),
        ...logging('Renditions/MakeRenditions'),
        ...tracing,
      ].sort(),
    );
  });

  it('of Sweep are to list uploads, put back uploads and reports, renew records, and describe executions: it ends no run', () => {
    expect(permissionsOf(template, 'SweepRole')).toEqual(
      [
        's3:ListBucketVersions on UploadBucket.Arn',
        's3:GetObject on AssetBucket.Arn/control/sweep.json',
        's3:PutObject on AssetBucket.Arn/control/sweep.json',
        'sqs:GetQueueAttributes on Uploads/Queue.Arn',
        'sqs:SendMessage on Uploads/Queue.Arn',
        'sqs:SendMessage on FailureReports/Queue.Arn',
        ...['Uploads/DeadLetters.Arn', 'FailureReports/DeadLetters.Arn'].flatMap((letters) => [
          `sqs:ReceiveMessage on ${letters}`,
          `sqs:DeleteMessage on ${letters}`,
        ]),
        's3:GetObject on AssetBucket.Arn/runs/*',
        's3:PutObject on AssetBucket.Arn/runs/*',
        's3:GetObject on AssetBucket.Arn/models/*/manifest.json',
        's3:ListBucket on AssetBucket.Arn',
        DESCRIBE_EXECUTIONS,
        ...logging('Sweep/Sweep'),
        ...tracing,
      ].sort(),
    );
  });

  it('of the machine are to call its two functions, and to log and trace', () => {
    const allowed = permissionsOf(template, 'Generation/StateMachine/Role');

    expect(allowed.filter((permission) => !/^(logs|xray):/.test(permission))).toEqual([
      'lambda:InvokeFunction on CheckJob.Arn',
      'lambda:InvokeFunction on CheckJob.Arn:*',
      'lambda:InvokeFunction on StoreAssets.Arn',
      'lambda:InvokeFunction on StoreAssets.Arn:*',
    ]);
  });

  it('come from these policies alone', () => {
    const roles = template.resources('AWS::IAM::Role');

    expect(
      Object.keys(roles)
        .map((name) => name.split('/').at(-1) ?? '')
        .sort(),
    ).toEqual([...functionNames.map((name) => `${name}Role`), 'Role'].sort());
    for (const { Properties } of Object.values(roles)) {
      expect(Properties).not.toHaveProperty('ManagedPolicyArns');
      expect(Properties).not.toHaveProperty('Policies');
    }
    expect(template.resources('AWS::IAM::ManagedPolicy')).toEqual({});
    expect(Object.keys(template.resources('AWS::IAM::Policy'))).toHaveLength(functionNames.length + 1);
  });

  it('let only the schedule of the sweep invoke a function', () => {
    const permissions = Object.values(template.resources('AWS::Lambda::Permission'));

    expect(permissions.map(({ Properties }) => Properties)).toEqual([
      {
        Action: 'lambda:InvokeFunction',
        FunctionName: 'Sweep.Arn',
        Principal: 'events.amazonaws.com',
        SourceArn: 'Sweep/Schedule.Arn',
      },
    ]);
  });
});

describe('a bucket or secret with a key of its own', () => {
  const keyed = synthesizedConstruct((stack) => ({
    uploadBucket: bucketWithKey(stack, 'TheirUploads'),
    assetBucket: bucketWithKey(stack, 'TheirModels'),
    scenarioSecret: Secret.fromSecretAttributes(stack, 'TheirSecret', {
      secretCompleteArn: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:theirs-a1B2c3',
      encryptionKey: keyOf(stack, 'TheirSecret'),
    }),
  }));
  const keyPermissions = (role: string) =>
    permissionsOf(keyed, role).filter((permission) => permission.startsWith('kms:'));
  const encrypting = (key: string) =>
    ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'].map((action) => `${action} on ${key}`);

  it('is decrypted by those who read it, and encrypted by those who write it, and by nobody else', () => {
    expect(keyPermissions('SubmitJobRole')).toEqual(
      [
        `kms:Decrypt on ${keyArn('TheirUploads')}`,
        `kms:Decrypt on ${keyArn('TheirSecret')}`,
        ...encrypting(keyArn('TheirModels')),
      ].sort(),
    );
    for (const name of ['CheckJob', 'StoreAssets'])
      expect(keyPermissions(`${name}Role`)).toEqual(
        [`kms:Decrypt on ${keyArn('TheirSecret')}`, ...encrypting(keyArn('TheirModels'))].sort(),
      );
    expect(keyPermissions('ReportFailureRole')).toEqual(encrypting(keyArn('TheirModels')).sort());
    expect(keyPermissions('SweepRole')).toEqual(encrypting(keyArn('TheirModels')).sort());
  });

  it('gives the same permissions if settings name them', () => {
    const named = synthesizedStack({ ...BROUGHT, ...KEYS });

    for (const name of functionNames)
      expect(permissionsOf(named, `${name}Role`).filter((one) => one.startsWith('kms:'))).toEqual(
        keyPermissions(`${name}Role`),
      );
  });

  it('is warned about at synthesis while its key is not known', () => {
    const warnings = (settings: object) => {
      const stack = new MeshdropStack(testApp(), 'Meshdrop', readSettings(settings));
      return Annotations.fromStack(stack)
        .findWarning('*', Match.anyValue())
        .map(({ entry }) => entry.data);
    };

    expect(warnings({})).toEqual([]);
    expect(warnings({ ...BROUGHT, ...KEYS })).toEqual([]);
    expect(warnings(BROUGHT)).toEqual([
      expect.stringMatching(/^If theiruploads is encrypted .* set uploadBucketKeyArn/) as string,
      expect.stringMatching(/^If theirmodels .* set assetBucketKeyArn/) as string,
      expect.stringMatching(/^If arn:.* set secretKeyArn/) as string,
    ]);
  });
});

const BROUGHT = {
  uploadBucketName: 'theiruploads',
  assetBucketName: 'theirmodels',
  scenarioSecretArn: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:theirs-a1B2c3',
};
const KEYS = {
  uploadBucketKeyArn: keyArn('TheirUploads'),
  assetBucketKeyArn: keyArn('TheirModels'),
  secretKeyArn: keyArn('TheirSecret'),
};

function keyArn(name: string): string {
  return `arn:aws:kms:us-east-1:111122223333:key/${name}`;
}

function keyOf(stack: Stack, name: string) {
  return Key.fromKeyArn(stack, `${name}Key`, keyArn(name));
}

function bucketWithKey(stack: Stack, name: string) {
  return Bucket.fromBucketAttributes(stack, name, {
    bucketName: name.toLowerCase(),
    encryptionKey: keyOf(stack, name),
  });
}
