import { App, CfnParameter, Duration, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { EventBus, type EventPattern } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { SqsDestination } from 'aws-cdk-lib/aws-s3-notifications';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { describe, expect, it } from 'vitest';
import { UNITS } from '../../functions/platform/metrics.ts';
import { ImageToModel, type ImageToModelProps } from '../../infra/image-to-model.ts';
import { cdkContext } from './cdk-context.ts';
import { permissionsOf } from './permissions.ts';
import { synthesizedConstruct, synthesizedStack } from './synthesized.ts';

const template = synthesizedStack();

const functions = ['CheckJob', 'ReportFailure', 'StoreAssets', 'SubmitJob', 'Sweep'] as const;
const tracing = ['xray:PutTelemetryRecords on *', 'xray:PutTraceSegments on *'];
const DEFAULT_BUS = 'arn:aws:events:us-east-1:111122223333:event-bus/default';
/** Part 6 of a machine's ARN is its name. */
const DESCRIBE_EXECUTIONS =
  'states:DescribeExecution on arn:aws:states:us-east-1:111122223333:execution:Generation/StateMachine[6]:*';

const answering = (bucket: string, bus: string) => [
  `events:PutEvents on ${bus}`,
  ...['runs/*', 'results/*', 'control/spend/*', 'models/*/manifest.json'].flatMap((documents) => [
    `s3:GetObject on ${bucket}/${documents}`,
    `s3:PutObject on ${bucket}/${documents}`,
  ]),
  `s3:ListBucket on ${bucket}`,
];

describe('the buckets', () => {
  it('are two', () => {
    expect(Object.keys(template.resources('AWS::S3::Bucket'))).toEqual(['UploadBucket', 'AssetBucket']);
  });

  it.each(['UploadBucket', 'AssetBucket'])('are versioned, encrypted, private and kept: %s', (name) => {
    const bucket = template.resources('AWS::S3::Bucket')[name];

    expect(bucket).toMatchObject({
      DeletionPolicy: 'Retain',
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
  });

  it.each(['UploadBucket', 'AssetBucket'])(
    'refuse whatever comes without TLS, and allow nobody: %s',
    (name) => {
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
    },
  );

  it('tell EventBridge of uploads by property, and of assets not at all', () => {
    const { NotificationConfiguration } = template.properties('AWS::S3::Bucket', 'UploadBucket');

    expect(NotificationConfiguration).toEqual({ EventBridgeConfiguration: { EventBridgeEnabled: true } });
    expect(template.properties('AWS::S3::Bucket', 'AssetBucket')).not.toHaveProperty(
      'NotificationConfiguration',
    );
  });

  it('take no notification of another kind, by which CDK would silence EventBridge', () => {
    const listening = () =>
      synthesizedConstruct(
        () => ({}),
        ({ uploadBucket }, stack) =>
          uploadBucket.addObjectRemovedNotification(new SqsDestination(new Queue(stack, 'Removals'))),
      );

    expect(listening).toThrow(/UploadBucket: .* make it a Rule instead/);
  });

  it('tell EventBridge by themselves, whoever asks for it again: what CDK would add could be taken away', () => {
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

describe('the uploads queue', () => {
  const queue = template.properties('AWS::SQS::Queue', 'Uploads/Queue');

  it('hears of every object created in the upload bucket, on the default bus', () => {
    expect(template.properties('AWS::Events::Rule', 'Uploads/UploadCreated')).toEqual({
      Description: 'Every object created in the upload bucket',
      State: 'ENABLED',
      EventPattern: {
        source: ['aws.s3'],
        'detail-type': ['Object Created'],
        detail: { bucket: { name: ['UploadBucket'] } },
      },
      Targets: [
        {
          Id: 'Target0',
          Arn: 'Uploads/Queue.Arn',
          DeadLetterConfig: { Arn: 'Uploads/DeadLetters.Arn' },
        },
      ],
    });
  });

  it('keeps messages for 14 days, and those it gives up for 14 more', () => {
    expect(queue).toMatchObject({ MessageRetentionPeriod: 14 * 86_400 });
    expect(template.properties('AWS::SQS::Queue', 'Uploads/DeadLetters')).toEqual({
      MessageRetentionPeriod: 14 * 86_400,
    });
  });

  it('hands a message out again a minute after SubmitJob can last have worked on it', () => {
    const { Timeout } = template.properties('AWS::Lambda::Function', 'SubmitJob');

    expect(queue).toMatchObject({ VisibilityTimeout: 360 });
    expect(Timeout).toBe(360 - 60);
  });

  it('buries a message only after a thousand returns', () => {
    expect(queue).toMatchObject({
      RedrivePolicy: { deadLetterTargetArn: 'Uploads/DeadLetters.Arn', maxReceiveCount: 1000 },
    });
  });

  it('feeds SubmitJob one message at a time, two side by side', () => {
    const mappings = Object.values(template.resources('AWS::Lambda::EventSourceMapping'));

    expect(mappings.map(({ Properties }) => Properties)).toEqual([
      {
        EventSourceArn: 'Uploads/Queue.Arn',
        FunctionName: 'SubmitJob',
        BatchSize: 1,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ScalingConfig: { MaximumConcurrency: 2 },
      },
    ]);
  });

  it.each(['Uploads/Queue', 'Uploads/DeadLetters', 'FailureReportsDeadLetters'])(
    'takes nothing without TLS, and messages from its own rule only: %s',
    (name) => {
      const rule = name.startsWith('Uploads') ? 'Uploads/UploadCreated' : 'GenerationFailed';

      expect(template.properties('AWS::SQS::QueuePolicy', `${name}/Policy`)).toMatchObject({
        PolicyDocument: {
          Statement: [
            {
              Effect: 'Deny',
              Action: 'sqs:*',
              Condition: { Bool: { 'aws:SecureTransport': 'false' } },
              Resource: `${name}.Arn`,
            },
            {
              Effect: 'Allow',
              Principal: { Service: 'events.amazonaws.com' },
              Condition: { ArnEquals: { 'aws:SourceArn': `${rule}.Arn` } },
              Resource: `${name}.Arn`,
            },
          ],
        },
      });
    },
  );
});

describe('the functions', () => {
  it('are those of functions/ and no other, so no custom resource', () => {
    expect(Object.keys(template.resources('AWS::Lambda::Function')).sort()).toEqual(functions);
    expect(template.text).not.toContain('Custom::');
    expect(template.resources('AWS::CloudFormation::CustomResource')).toEqual({});
  });

  it.each([
    ['SubmitJob', 300, 512],
    ['CheckJob', 120, 256],
    ['StoreAssets', 900, 512],
    ['ReportFailure', 60, 256],
    ['Sweep', 600, 256],
  ])(
    'run on Node 24 and arm64, traced, with JSON logs: %s for %i s in %i MB',
    (name, Timeout, MemorySize) => {
      expect(template.properties('AWS::Lambda::Function', name)).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        TracingConfig: { Mode: 'Active' },
        LoggingConfig: { LogFormat: 'JSON', LogGroup: `${name}Logs` },
        Handler: 'index.handler',
        Timeout,
        MemorySize,
      });
    },
  );

  it('each have a log group that forgets', () => {
    const groups = template.resources('AWS::Logs::LogGroup');

    expect(Object.keys(groups).sort()).toEqual([
      'CheckJobLogs',
      'Generation/Logs',
      'ReportFailureLogs',
      'StoreAssetsLogs',
      'SubmitJobLogs',
      'SweepLogs',
    ]);
    for (const { Properties } of Object.values(groups)) expect(Properties).toEqual({ RetentionInDays: 90 });
  });

  const scenario = {
    SCENARIO_URL: 'https://api.cloud.scenario.com/v1',
    SCENARIO_SECRET_ARN: 'ScenarioSecret',
  };
  const answers = { ASSET_BUCKET: 'AssetBucket', EVENT_BUS_NAME: 'default' };
  const onTheWay = { STATE_MACHINE_ARN: 'Generation/StateMachine', UPLOADS_QUEUE_URL: 'Uploads/Queue' };
  it.each([
    [
      'SubmitJob',
      {
        ...scenario,
        ...answers,
        ...onTheWay,
        PARAMETER_SETTINGS: '{"defaults":{},"presets":{}}',
        MAX_CU_PER_RUN: '150',
        MAX_CU_PER_DAY: 'Infinity',
        AGAIN: 'rerun',
        IGNORE_PREFIXES: '[]',
      },
    ],
    ['CheckJob', { ...scenario, JOB_DEADLINE_SECONDS: '2700' }],
    ['StoreAssets', { ...scenario, ...answers, GLB_ERRORS: 'record', MAX_ASSET_BYTES: '2000000000' }],
    ['ReportFailure', answers],
    [
      'Sweep',
      {
        ...answers,
        ...onTheWay,
        UPLOAD_BUCKET: 'UploadBucket',
        IGNORE_PREFIXES: '[]',
        UPLOADS_DEAD_LETTERS_URL: 'Uploads/DeadLetters',
        FAILURE_REPORTS_DEAD_LETTERS_URL: 'FailureReportsDeadLetters',
      },
    ],
  ])('know from their environment what they need and no more: %s', (name, environment) => {
    const { Environment } = template.properties('AWS::Lambda::Function', name);

    expect(Environment).toEqual({
      Variables: { ...environment, POWERTOOLS_SERVICE_NAME: `Meshdrop/ImageToModel/${name}` },
    });
  });

  it('hear of settings through it', () => {
    const settings = {
      scenarioUrl: 'https://eu.example.com/v1',
      defaults: { pbr: false },
      presets: { 'chairs/': { quad: true } },
      ignorePrefixes: ['tmp/'],
      maxCuPerRun: 75,
      maxCuPerDay: 2000,
      again: 'reuse',
      jobDeadlineMinutes: 20,
      maxConcurrency: 7,
    };

    const changed = synthesizedStack(settings);

    expect(changed.properties('AWS::Lambda::Function', 'SubmitJob')).toMatchObject({
      Environment: {
        Variables: {
          SCENARIO_URL: 'https://eu.example.com/v1',
          PARAMETER_SETTINGS: '{"defaults":{"pbr":false},"presets":{"chairs/":{"quad":true}}}',
          MAX_CU_PER_RUN: '75',
          MAX_CU_PER_DAY: '2000',
          AGAIN: 'reuse',
          IGNORE_PREFIXES: '["tmp/"]',
        },
      },
    });
    expect(changed.properties('AWS::Lambda::Function', 'Sweep')).toMatchObject({
      Environment: { Variables: { IGNORE_PREFIXES: '["tmp/"]' } },
    });
    expect(changed.properties('AWS::Lambda::Function', 'CheckJob')).toMatchObject({
      Environment: { Variables: { JOB_DEADLINE_SECONDS: '1200' } },
    });
    expect(Object.values(changed.resources('AWS::Lambda::EventSourceMapping'))).toMatchObject([
      { Properties: { ScalingConfig: { MaximumConcurrency: 7 } } },
    ]);
  });
});

describe('the permissions', () => {
  it('of SubmitJob are to read uploads and models, see a pause, call Scenario, start executions and answer', () => {
    expect(permissionsOf(template, 'SubmitJob/ServiceRole')).toEqual(
      [
        's3:GetObject on UploadBucket.Arn/*',
        's3:GetObjectVersion on UploadBucket.Arn/*',
        's3:ListBucket on UploadBucket.Arn',
        's3:GetObject on AssetBucket.Arn/models/*',
        's3:GetObjectVersion on AssetBucket.Arn/models/*',
        's3:GetObject on AssetBucket.Arn/control/paused.json',
        'secretsmanager:GetSecretValue on ScenarioSecret',
        'states:StartExecution on Generation/StateMachine',
        ...answering('AssetBucket.Arn', DEFAULT_BUS),
        'sqs:ChangeMessageVisibility on Uploads/Queue.Arn',
        'sqs:DeleteMessage on Uploads/Queue.Arn',
        'sqs:GetQueueAttributes on Uploads/Queue.Arn',
        'sqs:GetQueueUrl on Uploads/Queue.Arn',
        'sqs:ReceiveMessage on Uploads/Queue.Arn',
        ...tracing,
      ].sort(),
    );
  });

  it('of CheckJob are to call Scenario', () => {
    expect(permissionsOf(template, 'CheckJob/ServiceRole')).toEqual(
      ['secretsmanager:GetSecretValue on ScenarioSecret', ...tracing].sort(),
    );
  });

  it('of StoreAssets are to call Scenario, write models and answer', () => {
    expect(permissionsOf(template, 'StoreAssets/ServiceRole')).toEqual(
      [
        'secretsmanager:GetSecretValue on ScenarioSecret',
        's3:AbortMultipartUpload on AssetBucket.Arn/models/*',
        's3:PutObject on AssetBucket.Arn/models/*',
        ...answering('AssetBucket.Arn', DEFAULT_BUS),
        ...tracing,
      ].sort(),
    );
  });

  it('of ReportFailure are to describe executions of this machine, answer, and give up what failed', () => {
    expect(permissionsOf(template, 'ReportFailure/ServiceRole')).toEqual(
      [
        DESCRIBE_EXECUTIONS,
        'sqs:SendMessage on FailureReportsDeadLetters.Arn',
        ...answering('AssetBucket.Arn', DEFAULT_BUS),
        ...tracing,
      ].sort(),
    );
  });

  it('of Sweep are to list uploads, put them back, empty dead-letter queues, describe executions and answer', () => {
    expect(permissionsOf(template, 'Sweep/ServiceRole')).toEqual(
      [
        's3:ListBucketVersions on UploadBucket.Arn',
        's3:GetObject on AssetBucket.Arn/control/sweep.json',
        's3:PutObject on AssetBucket.Arn/control/sweep.json',
        'sqs:GetQueueAttributes on Uploads/Queue.Arn',
        'sqs:SendMessage on Uploads/Queue.Arn',
        ...['Uploads/DeadLetters.Arn', 'FailureReportsDeadLetters.Arn'].flatMap((letters) => [
          `sqs:ReceiveMessage on ${letters}`,
          `sqs:DeleteMessage on ${letters}`,
        ]),
        DESCRIBE_EXECUTIONS,
        ...answering('AssetBucket.Arn', DEFAULT_BUS),
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

  it('come from these policies alone, beside the managed one for logs', () => {
    const roles = template.resources('AWS::IAM::Role');

    expect(Object.keys(roles).sort()).toEqual(
      [...functions.map((name) => `${name}/ServiceRole`), 'Generation/StateMachine/Role'].sort(),
    );
    for (const name of functions) {
      const { Properties } = roles[`${name}/ServiceRole`] ?? {};
      expect(Properties).toMatchObject({
        ManagedPolicyArns: ['arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole'],
      });
      expect(Properties).not.toHaveProperty('Policies');
    }
    expect(roles['Generation/StateMachine/Role']?.Properties).not.toHaveProperty('ManagedPolicyArns');
    expect(template.resources('AWS::IAM::ManagedPolicy')).toEqual({});
    expect(Object.keys(template.resources('AWS::IAM::Policy'))).toHaveLength(functions.length + 1);
  });

  it('let nobody invoke a function but the rule of failures and the time to sweep', () => {
    const permissions = Object.values(template.resources('AWS::Lambda::Permission'));

    expect(permissions.map(({ Properties }) => Properties)).toEqual([
      {
        Action: 'lambda:InvokeFunction',
        FunctionName: 'ReportFailure.Arn',
        Principal: 'events.amazonaws.com',
        SourceArn: 'GenerationFailed.Arn',
      },
      {
        Action: 'lambda:InvokeFunction',
        FunctionName: 'Sweep.Arn',
        Principal: 'events.amazonaws.com',
        SourceArn: 'SweepTime.Arn',
      },
    ]);
  });
});

describe('an execution that ends without a model', () => {
  it('is reported on the default bus however it ended, and a report that fails is kept', () => {
    expect(template.properties('AWS::Events::Rule', 'GenerationFailed')).toEqual({
      Description: 'Every generation that ended without a model',
      State: 'ENABLED',
      EventPattern: {
        source: ['aws.states'],
        'detail-type': ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: ['Generation/StateMachine'],
          status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
        },
      },
      Targets: [
        {
          Id: 'Target0',
          Arn: 'ReportFailure.Arn',
          DeadLetterConfig: { Arn: 'FailureReportsDeadLetters.Arn' },
        },
      ],
    });
    expect(template.properties('AWS::Lambda::Function', 'ReportFailure')).toMatchObject({
      DeadLetterConfig: { TargetArn: 'FailureReportsDeadLetters.Arn' },
    });
    expect(template.properties('AWS::SQS::Queue', 'FailureReportsDeadLetters')).toEqual({
      MessageRetentionPeriod: 14 * 86_400,
    });
  });
});

describe('what was lost on its way', () => {
  it.each([
    [{}, 'rate(1 hour)'],
    [{ sweepMinutes: 15 }, 'rate(15 minutes)'],
  ])('is looked for with %j at %s', (settings, ScheduleExpression) => {
    expect(synthesizedStack(settings).properties('AWS::Events::Rule', 'SweepTime')).toMatchObject({
      ScheduleExpression,
      State: 'ENABLED',
      Targets: [{ Arn: 'Sweep.Arn' }],
    });
  });

  it('is looked for by one sweep at a time: none lasts until the next', () => {
    expect(template.properties('AWS::Lambda::Function', 'Sweep')['Timeout']).toBeLessThan(15 * 60);
  });
});

describe('the alarms', () => {
  const of = (namespace: string, metric: string, dimensions: Record<string, string>) => ({
    Namespace: namespace,
    MetricName: metric,
    Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
  });
  const ours = (metric: string, name = 'SubmitJob') => ({
    ...of('Meshdrop', metric, { service: `Meshdrop/ImageToModel/${name}` }),
    Statistic: 'Sum',
  });
  const waiting = (queue: string) =>
    of('AWS/SQS', 'ApproximateNumberOfMessagesVisible', { QueueName: `${queue}.QueueName` });
  const errors = (name: string) => of('AWS/Lambda', 'Errors', { FunctionName: name });
  const ringing = [
    ['DuplicateJob', 1, ours('DuplicateJob')],
    ['AccountRefused', 1, ours('AccountRefused')],
    ['OverDailyLimit', 1, ours('OverDailyLimit')],
    ['SubmitJobFailed', 5, { ...errors('SubmitJob'), Period: 3600 }],
    ['UnexpectedError', 5, { ...ours('UnexpectedError'), Period: 3600 }],
    ['UploadsHeldLong', 43_200, { ...ours('HeldSeconds'), Statistic: 'Maximum' }],
    [
      'UploadsWaitLong',
      43_200,
      of('AWS/SQS', 'ApproximateAgeOfOldestMessage', { QueueName: 'Uploads/Queue.QueueName' }),
    ],
    ['DeadUploads', 1, waiting('Uploads/DeadLetters')],
    ['DeadFailureReports', 1, waiting('FailureReportsDeadLetters')],
    [
      'GenerationTimedOut',
      1,
      of('AWS/States', 'ExecutionsTimedOut', { StateMachineArn: 'Generation/StateMachine' }),
    ],
    ['SweepFailed', 1, errors('Sweep')],
    ['LookFailed', 1, ours('LookFailed', 'Sweep')],
    ['StoreAssetsFailed', 5, { ...errors('StoreAssets'), Period: 3600 }],
  ] as const;
  const topicArn = 'arn:aws:sns:us-east-1:111122223333:alarms';

  it('are these and no other', () => {
    expect(Object.keys(template.resources('AWS::CloudWatch::Alarm')).sort()).toEqual(
      ringing.map(([name]) => `Alarms/${name}`).sort(),
    );
  });

  it.each(ringing)(
    'ring once it takes a person, and are calm without data: %s',
    (name, Threshold, metric) => {
      expect(template.properties('AWS::CloudWatch::Alarm', `Alarms/${name}`)).toMatchObject({
        Period: 300,
        ...metric,
        Threshold,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        EvaluationPeriods: 1,
        TreatMissingData: 'notBreaching',
        AlarmDescription: expect.stringMatching(/\w+\. /) as string,
      });
    },
  );

  it('count what the functions count under their own names, so that no other deployment rings them', () => {
    const theirs = synthesizedConstruct(() => ({}));

    for (const [stack, service] of [
      [template, 'Meshdrop/ImageToModel/SubmitJob'],
      [theirs, 'Theirs/ImageToModel/SubmitJob'],
    ] as const) {
      expect(stack.properties('AWS::Lambda::Function', 'SubmitJob')).toMatchObject({
        Environment: { Variables: { POWERTOOLS_SERVICE_NAME: service } },
      });
      expect(stack.properties('AWS::CloudWatch::Alarm', 'Alarms/AccountRefused')).toMatchObject({
        Dimensions: [{ Name: 'service', Value: service }],
      });
    }
    expect(Object.keys(UNITS)).toEqual(
      expect.arrayContaining(['DuplicateJob', 'AccountRefused', 'OverDailyLimit']),
    );
  });

  it('only show in the console when nobody says where else', () => {
    for (const { Properties } of Object.values(template.resources('AWS::CloudWatch::Alarm')))
      expect(Properties).not.toHaveProperty('AlarmActions');
  });

  it('all ring where the deployer says', () => {
    const byName = synthesizedStack({ alarmTopicArn: topicArn });
    const byProps = synthesizedConstruct((stack) => ({ alarmTopic: new Topic(stack, 'TheirTopic') }));

    for (const [brought, arn] of [
      [byName, topicArn],
      [byProps, 'TheirTopic'],
    ] as const) {
      const alarms = Object.values(brought.resources('AWS::CloudWatch::Alarm'));
      expect(alarms).toHaveLength(ringing.length);
      for (const { Properties } of alarms) expect(Properties).toMatchObject({ AlarmActions: [arn] });
    }
  });
});

describe('the state machine', () => {
  it('is traced and logs errors, without what its executions carry', () => {
    expect(template.properties('AWS::StepFunctions::StateMachine', 'Generation/StateMachine')).toMatchObject({
      TracingConfiguration: { Enabled: true },
      LoggingConfiguration: {
        Level: 'ERROR',
        IncludeExecutionData: false,
        Destinations: [{ CloudWatchLogsLogGroup: { LogGroupArn: 'Generation/Logs.Arn' } }],
      },
    });
  });
});

describe('the credentials of Scenario', () => {
  it('are in no template: the secret is created empty', () => {
    expect(template.properties('AWS::SecretsManager::Secret', 'ScenarioSecret')).toMatchObject({
      SecretString: '{"apiKey":"","apiSecret":""}',
    });
  });

  it('are resolved into no environment and no definition', () => {
    expect(template.text).not.toContain('{{resolve:secretsmanager');
  });
});

describe('the outputs', () => {
  it('name what was made', () => {
    expect(template.outputs).toEqual({
      UploadBucketName: 'UploadBucket',
      AssetBucketName: 'AssetBucket',
      EventBusName: 'default',
      StateMachineArn: 'Generation/StateMachine',
      UploadsQueueUrl: 'Uploads/Queue',
      ScenarioSecretArn: 'ScenarioSecret',
    });
  });
});

describe('what the deployer brings, by name', () => {
  const SECRET = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:theirs-a1B2c3';
  const brought = synthesizedStack({
    uploadBucketName: 'their-uploads',
    assetBucketName: 'their-models',
    eventBusName: 'their-bus',
    scenarioSecretArn: SECRET,
  });

  it('is not created a second time', () => {
    for (const type of ['AWS::S3::Bucket', 'AWS::S3::BucketPolicy', 'AWS::Events::EventBus']) {
      expect(brought.resources(type)).toEqual({});
    }
    expect(brought.resources('AWS::SecretsManager::Secret')).toEqual({});
    expect(Object.keys(brought.resources('AWS::Lambda::Function')).sort()).toEqual(functions);
  });

  it('is what the functions work with', () => {
    expect(brought.properties('AWS::Lambda::Function', 'StoreAssets')).toMatchObject({
      Environment: {
        Variables: {
          ASSET_BUCKET: 'their-models',
          EVENT_BUS_NAME: 'their-bus',
          SCENARIO_SECRET_ARN: SECRET,
        },
      },
    });
    const allowed = permissionsOf(brought, 'SubmitJob/ServiceRole');
    expect(allowed).toEqual(
      expect.arrayContaining([
        's3:GetObject on arn:aws:s3:::their-uploads/*',
        's3:GetObjectVersion on arn:aws:s3:::their-uploads/*',
        's3:ListBucket on arn:aws:s3:::their-uploads',
        `secretsmanager:GetSecretValue on ${SECRET}`,
        ...answering(
          'arn:aws:s3:::their-models',
          'arn:aws:events:us-east-1:111122223333:event-bus/their-bus',
        ),
      ]),
    );
  });

  it('is where uploads are heard from, on the default bus whatever bus the events go to', () => {
    const rules = brought.resources('AWS::Events::Rule');

    expect(rules['Uploads/UploadCreated']?.Properties).toMatchObject({
      EventPattern: { detail: { bucket: { name: ['their-uploads'] } } },
    });
    for (const { Properties } of Object.values(rules)) expect(Properties).not.toHaveProperty('EventBusName');
  });

  it('is what the outputs tell', () => {
    expect(brought.outputs).toMatchObject({
      UploadBucketName: 'their-uploads',
      AssetBucketName: 'their-models',
      EventBusName: 'their-bus',
      ScenarioSecretArn: SECRET,
    });
  });
});

it('a bus of another account is addressed by its ARN, or events would go to one of its name here', () => {
  const arn = 'arn:aws:events:us-east-1:444455556666:event-bus/their-bus';
  const made = synthesizedConstruct((stack) => ({ eventBus: EventBus.fromEventBusArn(stack, 'Bus', arn) }));

  expect(made.properties('AWS::Lambda::Function', 'StoreAssets')).toMatchObject({
    Environment: { Variables: { EVENT_BUS_NAME: arn } },
  });
});

it('a rule on a bus of another account is warned of: it would hear nothing', () => {
  const stack = new Stack(new App({ context: cdkContext() }), 'Theirs');
  const eventBus = EventBus.fromEventBusArn(
    stack,
    'Bus',
    'arn:aws:events:us-east-1:444455556666:event-bus/b',
  );

  new ImageToModel(stack, 'Far', { eventBus }).onModelStored('Heard');
  new ImageToModel(stack, 'Here').onModelStored('Heard');

  const warned = Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp('make it there'));
  expect(warned.map(({ id }) => id)).toEqual(['/Theirs/Far/Heard']);
});

it('two stacks of one construct tree and two names count under two names', () => {
  const named = (stackName: string) => {
    const stack = new Stack(new App({ context: cdkContext() }), 'Theirs', { stackName });
    const { node } = new ImageToModel(stack, 'Meshdrop');
    return [node.id, JSON.stringify(Template.fromStack(stack).toJSON())].join();
  };

  expect(named('chairs')).toContain('"POWERTOOLS_SERVICE_NAME":"chairs/Meshdrop/SubmitJob"');
  expect(named('tables')).toContain('"POWERTOOLS_SERVICE_NAME":"tables/Meshdrop/SubmitJob"');
});

describe('what is brought to the construct with keys of its own', () => {
  const keyed = synthesizedConstruct((stack) => ({
    uploadBucket: bucketWithKey(stack, 'TheirUploads'),
    assetBucket: bucketWithKey(stack, 'TheirModels'),
    scenarioSecret: Secret.fromSecretAttributes(stack, 'TheirSecret', {
      secretCompleteArn: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:theirs-a1B2c3',
      encryptionKey: keyOf(stack, 'TheirSecret'),
    }),
    jobDeadline: Duration.minutes(10),
  }));
  const keyPermissions = (role: string) =>
    permissionsOf(keyed, role).filter((permission) => permission.startsWith('kms:'));
  const encrypting = (key: string) =>
    ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'].map(
      (action) => `${action} on ${key}`,
    );

  it('is decrypted by those who read it, and encrypted by those who write it, and by nobody else', () => {
    expect(keyPermissions('SubmitJob/ServiceRole')).toEqual(
      [
        `kms:Decrypt on ${keyArn('TheirUploads')}`,
        `kms:Decrypt on ${keyArn('TheirSecret')}`,
        ...encrypting(keyArn('TheirModels')),
      ].sort(),
    );
    expect(keyPermissions('StoreAssets/ServiceRole')).toEqual(
      [`kms:Decrypt on ${keyArn('TheirSecret')}`, ...encrypting(keyArn('TheirModels'))].sort(),
    );
    expect(keyPermissions('CheckJob/ServiceRole')).toEqual([`kms:Decrypt on ${keyArn('TheirSecret')}`]);
    expect(keyPermissions('ReportFailure/ServiceRole')).toEqual(encrypting(keyArn('TheirModels')).sort());
    expect(keyPermissions('Sweep/ServiceRole')).toEqual(encrypting(keyArn('TheirModels')).sort());
  });

  it('has its deadline in seconds', () => {
    expect(keyed.properties('AWS::Lambda::Function', 'CheckJob')).toMatchObject({
      Environment: { Variables: { JOB_DEADLINE_SECONDS: '600' } },
    });
  });
});

describe('a deadline of jobs', () => {
  it('is refused when the machine would end before it', () => {
    const deadline = (minutes: number) => () =>
      synthesizedConstruct(() => ({ jobDeadline: Duration.minutes(minutes) }));

    expect(deadline(91)).toThrow('jobDeadline: use 5 to 90 minutes');
    expect(deadline(4)).toThrow('jobDeadline: use 5 to 90 minutes');
    expect(deadline(90)).not.toThrow();
  });
});

describe('a prop of the construct', () => {
  it.each<[ImageToModelProps, string]>([
    [{ maxCuPerRun: 0 }, 'maxCuPerRun: use more than 0'],
    [{ maxCuPerRun: Number.NaN }, 'maxCuPerRun: write a number'],
    [{ maxConcurrency: 2.5 }, 'maxConcurrency: write a whole number'],
    [{ maxAssetBytes: -1 }, 'maxAssetBytes: use at least 1000000'],
    [{ ignorePrefixes: [''] }, 'ignorePrefixes.0: is empty'],
    [
      { scenarioUrl: 'https://api.example.com' },
      'scenarioUrl: is no URL that begins with https:// and ends with /v1',
    ],
    [{ scenarioUrl: 'https://exa mple/v1' }, 'scenarioUrl: is no URL'],
    [{ defaults: { faceLimit: -1 } }, 'defaults.faceLimit: use at least 1'],
    [{ sweepEvery: Duration.minutes(14) }, 'sweepEvery: use 15 to 1440 minutes'],
  ])('is checked as in cdk.json: %o', (props, sentence) => {
    expect(() => synthesizedConstruct(() => props)).toThrow(sentence);
  });
});

it('what is known only when it is deployed is passed on, where nothing is computed with it', () => {
  const late = synthesizedConstruct((stack) => ({
    scenarioUrl: new CfnParameter(stack, 'Url').valueAsString,
    maxConcurrency: new CfnParameter(stack, 'Side', { type: 'Number' }).valueAsNumber,
    maxCuPerDay: Number.POSITIVE_INFINITY,
  }));

  expect(late.properties('AWS::Lambda::Function', 'CheckJob')).toMatchObject({
    Environment: { Variables: { SCENARIO_URL: 'Url' } },
  });
});

describe('one bucket for uploads and models', () => {
  it('is refused: every record and manifest would be the next upload, without end', () => {
    const shared = (stack: Stack) => {
      const bucket = new Bucket(stack, 'Shared');
      return { uploadBucket: bucket, assetBucket: bucket };
    };

    expect(() => synthesizedConstruct(shared)).toThrow(/same bucket/);
  });
});

describe('a rule for the events', () => {
  const methods = ['onModelStored', 'onModelFailed', 'onUploadRejected'] as const;

  const rulesOn = (propsIn: (stack: Stack) => ImageToModelProps) =>
    synthesizedConstruct(propsIn, (construct, stack) => {
      const target = new SqsQueue(new Queue(stack, 'Listener'));
      for (const method of methods) construct[method](method, { target, description: `theirs: ${method}` });
      construct.onModelStored('OnlyChairs', {
        eventPattern: { detail: { data: { upload: { key: [{ prefix: 'chairs/' }] } } } },
      });
      construct.onModelStored('Elsewhere', { crossStackScope: stack, ruleName: 'elsewhere' });
    });
  const onDefault = rulesOn(() => ({}));
  const onTheirs = rulesOn((stack) => ({ eventBus: new EventBus(stack, 'TheirBus') }));

  it.each([
    ['onModelStored', 'Model Stored'],
    ['onModelFailed', 'Model Failed'],
    ['onUploadRejected', 'Upload Rejected'],
  ])('comes from %s with the detail-type, the target and the options given', (method, detailType) => {
    expect(onDefault.properties('AWS::Events::Rule', method)).toMatchObject({
      Description: `theirs: ${method}`,
      EventPattern: { source: ['meshdrop'], 'detail-type': [detailType] },
      Targets: [{ Arn: 'Listener.Arn' }],
    });
  });

  it('is not given the sources or the detail-types of others, which CDK would join to ours', () => {
    const withPattern = (eventPattern: EventPattern) => () =>
      synthesizedConstruct(
        () => ({}),
        (construct) => construct.onModelStored('Theirs', { eventPattern }),
      );

    for (const pattern of [{ source: ['evil'] }, { detailType: ['Model Lost'] }])
      expect(withPattern(pattern)).toThrow('Theirs: leave source and detailType out of eventPattern');
  });

  it.each(methods)('hears of the models of its own deployment only: %s', (method) => {
    expect(onDefault.properties('AWS::Events::Rule', method)).toMatchObject({
      EventPattern: { detail: { data: { manifest: { bucket: ['AssetBucket'] } } } },
    });
  });

  it('is on the bus that the events go to', () => {
    expect(methods.map((name) => onDefault.properties('AWS::Events::Rule', name)['EventBusName'])).toEqual(
      methods.map(() => 'default'),
    );
    expect(methods.map((name) => onTheirs.properties('AWS::Events::Rule', name)['EventBusName'])).toEqual(
      methods.map(() => 'TheirBus'),
    );
    expect(permissionsOf(onTheirs, 'StoreAssets/ServiceRole')).toContain('events:PutEvents on TheirBus.Arn');
  });

  it('can be narrowed by a pattern of its own', () => {
    expect(onDefault.properties('AWS::Events::Rule', 'OnlyChairs')).toMatchObject({
      EventPattern: {
        source: ['meshdrop'],
        'detail-type': ['Model Stored'],
        detail: { data: { manifest: { bucket: ['AssetBucket'] }, upload: { key: [{ prefix: 'chairs/' }] } } },
      },
    });
  });

  it('keeps the dead letters of its target, and describes itself only in the words given', () => {
    const withQueue = synthesizedConstruct(
      () => ({}),
      (construct, stack) => {
        const deadLetterQueue = new Queue(stack, 'TheirDeadLetters');
        const target = new SqsQueue(new Queue(stack, 'Listener'), { deadLetterQueue });
        for (const method of methods) construct[method](method, { target });
      },
    );

    for (const method of methods) {
      const rule = withQueue.properties('AWS::Events::Rule', method);
      expect(rule).toMatchObject({ Targets: [{ DeadLetterConfig: { Arn: 'TheirDeadLetters.Arn' } }] });
      expect(rule).not.toHaveProperty('Description');
    }
  });

  it('can be made in another scope', () => {
    expect(onDefault.properties('AWS::Events::Rule', 'Elsewhere')).toMatchObject({
      Name: 'elsewhere',
      EventPattern: { source: ['meshdrop'], 'detail-type': ['Model Stored'] },
    });
  });
});

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
