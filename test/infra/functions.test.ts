import { Stack } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import { ImageToModel } from '../../infra/image-to-model.ts';
import { testApp, validTemplate } from './app.ts';
import { eventSourcesOf, functionNames, synthesizedStack } from './synthesized.ts';

const template = synthesizedStack();

describe('the functions', () => {
  it('are those of functions/ and no other, so no custom resource', () => {
    expect(Object.keys(template.resources('AWS::Lambda::Function')).sort()).toEqual(functionNames);
    expect(template.text).not.toContain('Custom::');
    expect(template.resources('AWS::CloudFormation::CustomResource')).toEqual({});
  });

  it.each([
    ['SubmitJob', 300, 768],
    ['CheckJob', 120, 256],
    ['StoreAssets', 900, 512],
    ['ReportFailure', 60, 256],
    ['Sweep', 600, 256],
    ['MakeRenditions', 420, 3008],
  ])('run on Node 24 and arm64, traced, with JSON logs: %s for %i s in %i MB', (name, Timeout, MemorySize) => {
    expect(template.properties('AWS::Lambda::Function', name)).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      TracingConfig: { Mode: 'Active' },
      LoggingConfig: {
        LogFormat: 'JSON',
        LogGroup: expect.stringMatching(new RegExp(`/${name}Logs$`)) as string,
      },
      Handler: 'index.handler',
      Timeout,
      MemorySize,
    });
  });

  it('each have a log group that forgets', () => {
    const groups = template.resources('AWS::Logs::LogGroup');

    expect(Object.keys(groups).sort()).toEqual([
      'FailureReports/ReportFailureLogs',
      'Generation/CheckJobLogs',
      'Generation/StateMachineLogs',
      'Generation/StoreAssetsLogs',
      'Renditions/MakeRenditionsLogs',
      'Submission/SubmitJobLogs',
      'Sweep/SweepLogs',
    ]);
    for (const { Properties } of Object.values(groups)) expect(Properties).toEqual({ RetentionInDays: 90 });
  });

  const scenario = {
    SCENARIO_URL: 'https://api.cloud.scenario.com/v1',
    SCENARIO_SECRET_ARN: 'ScenarioSecret',
    RESULT_HOSTS: '[]',
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
        MAX_CU_PER_DAY: '1500',
        METADATA_ALLOWED: '"all"',
        CARRY_METADATA: '[]',
        MODEL: 'tripo-3-1',
        ON_DUPLICATE: 'reuse',
        IGNORED: '{"prefixes":[],"names":[]}',
      },
    ],
    ['CheckJob', { ...scenario, ASSET_BUCKET: 'AssetBucket', JOB_DEADLINE_SECONDS: '2700' }],
    ['StoreAssets', { ...scenario, ...answers, GLB_ERRORS: 'report', MAX_ASSET_BYTES: '2000000000' }],
    ['ReportFailure', answers],
    [
      'MakeRenditions',
      {
        ...answers,
        RENDITION_SETTINGS:
          '{"names":["web","ar","poster","turntable"],"maxTriangles":100000,"maxBytes":5000000,"background":"transparent"}',
      },
    ],
    [
      'Sweep',
      {
        ASSET_BUCKET: 'AssetBucket',
        ...onTheWay,
        UPLOAD_BUCKET: 'UploadBucket',
        MORE_UPLOAD_BUCKETS: '[]',
        IGNORED: '{"prefixes":[],"names":[]}',
        UPLOADS_DEAD_LETTERS_URL: 'Uploads/DeadLetters',
        FAILURE_REPORTS_QUEUE_URL: 'FailureReports/Queue',
        FAILURE_REPORTS_DEAD_LETTERS_URL: 'FailureReports/DeadLetters',
      },
    ],
  ])('know from their environment what they need and no more: %s', (name, environment) => {
    const { Environment } = template.properties('AWS::Lambda::Function', name);

    expect(Environment).toEqual({
      Variables: {
        ...environment,
        POWERTOOLS_LOG_LEVEL: 'INFO',
        POWERTOOLS_SERVICE_NAME: expect.stringMatching(`^Meshdrop/ImageToModel/.*${name}$`) as string,
      },
    });
  });

  it('have the memory, the logs, and the tracing that the settings ask for', () => {
    const settings = { memory: { CheckJob: 512 }, logLevel: 'DEBUG', logRetentionDays: 7, tracing: false };
    const changed = synthesizedStack(settings);

    const { MemorySize, Environment, ...checkJob } = changed.properties('AWS::Lambda::Function', 'CheckJob');
    expect(MemorySize).toBe(512);
    expect(Environment).toMatchObject({ Variables: { POWERTOOLS_LOG_LEVEL: 'DEBUG' } });
    expect(checkJob).not.toHaveProperty('TracingConfig');
    expect(changed.properties('AWS::Lambda::Function', 'Sweep')['MemorySize']).toBe(256);
    const logs = Object.values(changed.resources('AWS::Logs::LogGroup'));
    expect(logs.map(({ Properties }) => Properties['RetentionInDays'])).toEqual(logs.map(() => 7));
    expect(changed.text).not.toContain('xray:');
  });

  it('hear of settings through it', () => {
    const settings = {
      scenarioUrl: 'https://eu.example.com/v1',
      defaults: { pbr: false },
      presets: { 'chairs/': { quad: true } },
      ignorePrefixes: ['tmp/'],
      maxCuPerRun: 75,
      maxCuPerDay: 2000,
      onDuplicate: 'regenerate',
      maxAssetBytes: 5_000_000,
      glbErrors: 'fail',
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
          ON_DUPLICATE: 'regenerate',
          IGNORED: '{"prefixes":["tmp/"],"names":[]}',
        },
      },
    });
    expect(changed.properties('AWS::Lambda::Function', 'Sweep')).toMatchObject({
      Environment: { Variables: { IGNORED: '{"prefixes":["tmp/"],"names":[]}' } },
    });
    expect(changed.properties('AWS::Lambda::Function', 'CheckJob')).toMatchObject({
      Environment: { Variables: { JOB_DEADLINE_SECONDS: '1200' } },
    });
    expect(changed.properties('AWS::Lambda::Function', 'StoreAssets')).toMatchObject({
      Environment: { Variables: { MAX_ASSET_BYTES: '5000000', GLB_ERRORS: 'fail' } },
    });
    expect(eventSourcesOf(changed, 'SubmitJob')).toMatchObject([{ ScalingConfig: { MaximumConcurrency: 7 } }]);
  });
});

it('two stacks of one construct tree and two names count under two names', () => {
  const named = (stackName: string) => {
    const stack = new Stack(testApp(), 'Theirs', { stackName });
    const { node } = new ImageToModel(stack, 'Meshdrop');
    return [node.id, JSON.stringify(validTemplate(stack).toJSON())].join();
  };

  expect(named('chairs')).toContain('"POWERTOOLS_SERVICE_NAME":"chairs/Meshdrop/Submission/SubmitJob"');
  expect(named('tables')).toContain('"POWERTOOLS_SERVICE_NAME":"tables/Meshdrop/Submission/SubmitJob"');
});
