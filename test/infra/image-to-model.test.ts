import { CfnParameter, Duration, type Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { describe, expect, it } from 'vitest';
import type { ImageToModelProps } from '../../infra/image-to-model.ts';
import { answering, permissionsOf } from './permissions.ts';
import { functionNames, synthesizedConstruct, synthesizedStack } from './synthesized.ts';
import { wordsFirst } from '../words-first.ts';

const template = synthesizedStack();

describe('what was lost on its way', () => {
  it.each([
    ['by default', {}, 'rate(1 hour)'],
    ['with sweepMinutes', { sweepMinutes: 15 }, 'rate(15 minutes)'],
  ])('is looked for %s', (_, settings, ScheduleExpression) => {
    expect(synthesizedStack(settings).properties('AWS::Events::Rule', 'Sweep/Schedule')).toMatchObject({
      ScheduleExpression,
      State: 'ENABLED',
      Targets: [{ Arn: 'Sweep.Arn' }],
    });
  });

  it('is looked for by one sweep at a time: none lasts until the next', () => {
    expect(template.properties('AWS::Lambda::Function', 'Sweep')['Timeout']).toBeLessThan(15 * 60);
  });
});

describe('the state machine', () => {
  it('is traced and logs errors, without what its executions carry', () => {
    expect(template.properties('AWS::StepFunctions::StateMachine', 'Generation/StateMachine')).toMatchObject({
      TracingConfiguration: { Enabled: true },
      LoggingConfiguration: {
        Level: 'ERROR',
        IncludeExecutionData: false,
        Destinations: [{ CloudWatchLogsLogGroup: { LogGroupArn: 'Generation/StateMachineLogs.Arn' } }],
      },
    });
  });
});

describe('the ids', () => {
  it.each([
    'ImageToModelUploadBucket371DF76A',
    'ImageToModelAssetBucketAC1B65BB',
    'ImageToModelScenarioSecret0B35E28F',
    'ImageToModelUploadsQueueCF492A12',
    'ImageToModelUploadsDeadLetters2BB40116',
    'ImageToModelFailureReportsQueue87215AB6',
    'ImageToModelFailureReportsDeadLetters0F56636E',
    'ImageToModelGenerationStateMachine97E93EAB',
  ])('are final: with another one, a deployment would replace what holds data or runs: %s', (id) => {
    expect(template.text).toContain(`"${id}":{"Type":`);
  });

  it('of the rules are final too', () => {
    expect(Object.keys(template.resources('AWS::Events::Rule')).sort()).toEqual([
      'FailureReports/GenerationFailed',
      'Renditions/ModelStored',
      'Sweep/Schedule',
      'Uploads/UploadCreated',
    ]);
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
      RenditionsQueueUrl: 'Renditions/Queue',
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
    expect(Object.keys(brought.resources('AWS::Lambda::Function')).sort()).toEqual(functionNames);
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
    const allowed = permissionsOf(brought, 'SubmitJobRole');
    expect(allowed).toEqual(
      expect.arrayContaining([
        's3:GetObject on arn:aws:s3:::their-uploads/*',
        's3:GetObjectVersion on arn:aws:s3:::their-uploads/*',
        's3:ListBucket on arn:aws:s3:::their-uploads',
        `secretsmanager:GetSecretValue on ${SECRET}`,
        ...answering('arn:aws:s3:::their-models', 'arn:aws:events:us-east-1:111122223333:event-bus/their-bus'),
      ]),
    );
  });

  it('is where uploads are heard from, on the default bus whatever bus the events go to', () => {
    const rules = brought.resources('AWS::Events::Rule');

    expect(rules['Uploads/UploadCreated']?.Properties).toMatchObject({
      EventPattern: { detail: { bucket: { name: ['their-uploads'] } } },
    });
    for (const [name, { Properties }] of Object.entries(rules))
      if (name === 'Renditions/ModelStored') expect(Properties).toMatchObject({ EventBusName: 'their-bus' });
      else expect(Properties).not.toHaveProperty('EventBusName');
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

describe('a deadline of jobs', () => {
  it('reaches CheckJob in seconds', () => {
    const made = synthesizedConstruct(() => ({ jobDeadline: Duration.minutes(10) }));

    expect(made.properties('AWS::Lambda::Function', 'CheckJob')).toMatchObject({
      Environment: { Variables: { JOB_DEADLINE_SECONDS: '600' } },
    });
  });

  it('is refused when the machine would end before it', () => {
    const deadline = (minutes: number) => () =>
      synthesizedConstruct(() => ({ jobDeadline: Duration.minutes(minutes) }));

    expect(deadline(91)).toThrow('jobDeadlineMinutes: use at most 90');
    expect(deadline(4)).toThrow('jobDeadlineMinutes: use at least 5');
    expect(deadline(90)).not.toThrow();
  });
});

describe('a prop of the construct', () => {
  it.each(
    wordsFirst<[ImageToModelProps]>([
      [{ maxCuPerRun: 0 }, 'maxCuPerRun: use more than 0'],
      [{ maxCuPerRun: Number.NaN }, 'maxCuPerRun: must be a number'],
      [{ maxConcurrency: 2.5 }, 'maxConcurrency: use a whole number from 2 to 1000'],
      [{ maxAssetBytes: -1 }, 'maxAssetBytes: use at least 1000000'],
      [{ ignorePrefixes: [''] }, 'ignorePrefixes.0: must not be empty'],
      [
        { scenarioUrl: 'https://api.example.com' },
        'scenarioUrl: is not a valid URL: it must start with https:// and end with /v1',
      ],
      [{ scenarioUrl: 'https://exa mple/v1' }, 'scenarioUrl: is not a valid URL'],
      [{ defaults: { faceLimit: -1 } }, 'defaults.faceLimit: use at least 1'],
      [{ sweepEvery: Duration.minutes(14) }, 'sweepMinutes: use at least 15'],
    ]),
  )('is checked as in cdk.json: %s', (sentence, props) => {
    expect(() => synthesizedConstruct(() => props)).toThrow(sentence);
  });
});

it('what is known only when it is deployed is passed on, where nothing is computed with it', () => {
  const late = synthesizedConstruct((stack) => ({
    scenarioUrl: new CfnParameter(stack, 'Url').valueAsString,
    maxConcurrency: new CfnParameter(stack, 'Side', { type: 'Number' }).valueAsNumber,
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

    expect(() => synthesizedConstruct(shared)).toThrow(/must differ/);
  });
});

describe('another upload bucket', () => {
  const two = synthesizedConstruct(
    () => ({}),
    (construct, stack) => {
      const more = Bucket.fromBucketName(stack, 'More', 'more-uploads');
      construct.addUploadBucket(more);
      construct.addUploadBucket(more);
    },
  );

  it('is listened to, read, and swept', () => {
    const rule = two.properties('AWS::Events::Rule', 'Uploads/UploadCreated');

    expect(rule['EventPattern']).toMatchObject({ detail: { bucket: { name: ['UploadBucket', 'more-uploads'] } } });
    expect(permissionsOf(two, 'SubmitJobRole')).toEqual(
      expect.arrayContaining([
        's3:GetObject on arn:aws:s3:::more-uploads/*',
        's3:GetObjectVersion on arn:aws:s3:::more-uploads/*',
        's3:ListBucket on arn:aws:s3:::more-uploads',
      ]),
    );
    expect(permissionsOf(two, 'SweepRole')).toContain('s3:ListBucketVersions on arn:aws:s3:::more-uploads');
    expect(two.properties('AWS::Lambda::Function', 'Sweep')['Environment']).toMatchObject({
      Variables: { MORE_UPLOAD_BUCKETS: '["more-uploads"]' },
    });
  });

  it('is never the asset bucket', () => {
    const own = () =>
      synthesizedConstruct(
        () => ({}),
        (construct) => construct.addUploadBucket(construct.assetBucket),
      );

    expect(own).toThrow('every model would become an upload');
  });
});

describe('an asset bucket of the same app', () => {
  const warningsWith = (prefix: string | undefined) => {
    const warnings: unknown[] = [];
    synthesizedConstruct(
      (stack) => {
        const expiration = Duration.days(30);
        return {
          assetBucket: new Bucket(stack, 'Theirs', { lifecycleRules: [{ expiration, ...(prefix && { prefix }) }] }),
        };
      },
      (_, stack) =>
        warnings.push(...Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp('lifecycle rule'))),
    );
    return warnings;
  };

  it.each([undefined, 'runs/', 'results/old'])('is warned about if it forgets what must stay: %s', (prefix) => {
    expect(warningsWith(prefix)).toHaveLength(1);
  });

  it('can forget old models', () => {
    expect(warningsWith('models/')).toEqual([]);
  });
});
