import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { InvalidSettingError } from '../../../infra/settings/invalid-setting.ts';
import { readSettings } from '../../../infra/settings/settings.ts';
import { cdkContext, project } from '../cdk-context.ts';

const failed = z.object({ code: z.number(), stderr: z.string() });

const SECRET_ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:scenario-a1B2c3';

describe('settings that are left out', () => {
  it.each([
    ['no settings', undefined],
    ['null', null],
    ['an empty object', {}],
  ])('have their defaults: %s', (_, context) => {
    expect(readSettings(context)).toEqual({
      scenarioUrl: 'https://api.cloud.scenario.com/v1',
      model: 'tripo-3-1',
      defaults: {},
      presets: {},
      ignorePrefixes: [],
      ignoreNames: [],
      carryMetadata: [],
      resultHosts: [],
      maxCuPerRun: 150,
      maxCuPerDay: 1500,
      alarmCuPerHour: 400,
      metadataAllowed: 'all',
      onDuplicate: 'reuse',
      maxAssetBytes: 2_000_000_000,
      glbErrors: 'report',
      renditions: ['web', 'ar', 'poster', 'turntable'],
      webMaxTriangles: 100_000,
      webMaxBytes: 5_000_000,
      posterBackground: 'transparent',
      maxConcurrency: 2,
      sweepMinutes: 60,
      jobDeadlineMinutes: 45,
      stackName: 'Meshdrop',
      memory: {},
      dashboard: true,
      runbookUrl: 'docs/operations.md',
      logLevel: 'INFO',
      logRetentionDays: 90,
      tracing: true,
      removalPolicy: 'retain',
    });
  });
});

describe('a valid setting', () => {
  it.each([
    ['uploadBucketName', 'my-uploads.example'],
    ['uploadBucketName', 'abc'],
    ['assetBucketName', 'a'.repeat(63)],
    ['eventBusName', 'models'],
    ['scenarioSecretArn', SECRET_ARN],
    ['scenarioUrl', 'https://api.example.com/v1'],
    ['defaults', { faceLimit: 20_000, textureQuality: 'detailed', pbr: false, seed: 0 }],
    ['presets', { 'chairs/': { quad: true }, props: { generateParts: true } }],
    ['ignorePrefixes', ['tmp/', 'drafts/']],
    ['model', 'tripo-3-1'],
    ['renditions', []],
    ['renditions', ['plain', 'poster']],
    ['posterBackground', '#FFFFFF'],
    ['maxCuPerRun', 0.5],
    ['maxCuPerDay', 150],
    ['maxCuPerDay', 'none'],
    ['alarmCuPerHour', 37.5],
    ['metadataAllowed', 'none'],
    ['metadataAllowed', ['tripo-quad', 'meshdrop-on-duplicate']],
    ['onDuplicate', 'reuse'],
    ['glbErrors', 'fail'],
    ['sweepMinutes', 15],
    ['sweepMinutes', 1440],
    ['alarmTopicArn', 'arn:aws:sns:eu-west-1:111122223333:alarms'],
    ['jobDeadlineMinutes', 5],
    ['jobDeadlineMinutes', 90],
    ['maxConcurrency', 1000],
  ])('is taken as it is: %s %j', (name, value) => {
    expect(readSettings({ [name]: value })).toHaveProperty([name], value);
  });
});

describe('an invalid setting', () => {
  it.each([
    ['uploadBucketName', { uploadBucketName: 5 }, 'must be a string'],
    ['uploadBucketName', { uploadBucketName: 'My_Uploads' }, /3 to 63|lower[- ]case/],
    ['assetBucketName', { assetBucketName: 'ab' }, /3 to 63|lower[- ]case/],
    ['assetBucketName', { assetBucketName: 'my..models' }, 'single dots'],
    ['assetBucketName', { assetBucketName: 'my.-models' }, 'single dots'],
    ['assetBucketName', { assetBucketName: '192.168.0.1' }, 'not an IP address'],
    ['uploadBucketKeyArn', { uploadBucketKeyArn: 'alias/uploads' }, 'not an alias'],
    ['eventBusName', { eventBusName: '' }, 'must not be empty'],
    ['eventBusName', { eventBusName: 'my bus' }, 'is not a valid event bus name'],
    ['eventBusName', { eventBusName: 'arn:aws:events:eu-west-1:111122223333:event-bus/models' }, 'not a valid'],
    ['scenarioSecretArn', { scenarioSecretArn: 'my-secret' }, 'use arn:aws:secretsmanager:'],
    ['scenarioSecretArn', { scenarioSecretArn: SECRET_ARN.slice(0, -7) }, 'not a complete secret ARN'],
    ['scenarioSecretArn', { scenarioSecretArn: 'arn:aws:s3:::secrets-a1B2c3' }, 'not a complete secret ARN'],
    ['scenarioUrl', { scenarioUrl: 'api.example.com' }, /URL/],
    ['scenarioUrl', { scenarioUrl: 'https://api.example.com' }, 'end with /v1'],
    ['scenarioUrl', { scenarioUrl: 'ftp://api.example.com/v1' }, /URL|https?/],
    ['defaults', { defaults: [] }, 'must be an object'],
    ['defaults.quad', { defaults: { quad: 'true' } }, 'must be a boolean'],
    ['defaults.faceLimit', { defaults: { faceLimit: 0 } }, 'use at least 1'],
    ['defaults.seed', { defaults: { seed: 2 ** 31 } }, 'use at most 2147483647'],
    ['defaults.textureQuality', { defaults: { textureQuality: 'best' } }, 'use standard or detailed or extreme'],
    ['presets', { presets: [] }, 'must be an object'],
    ['presets.chairs/.quad', { presets: { 'chairs/': { quad: 1 } } }, 'must be a boolean'],
    ['ignorePrefixes', { ignorePrefixes: 'tmp/' }, 'must be an array'],
    ['ignorePrefixes.1', { ignorePrefixes: ['tmp/', ''] }, 'must not be empty'],
    ['maxCuPerRun', { maxCuPerRun: 0 }, 'more than 0'],
    ['maxCuPerRun', { maxCuPerRun: '150' }, 'must be a number'],
    ['maxCuPerDay', { maxCuPerDay: 0 }, "more than 0, or 'none'"],
    ['maxCuPerDay', { maxCuPerDay: 'unlimited' }, "more than 0, or 'none'"],
    ['metadataAllowed', { metadataAllowed: ['tripo-face-limits'] }, 'did you mean tripo-face-limit?'],
    ['onDuplicate', { onDuplicate: 'always' }, 'use regenerate or reuse'],
    ['glbErrors', { glbErrors: 'record' }, 'use report or fail'],
    ['model', { model: 'tripo-4' }, 'use tripo-3-1'],
    ['sweepMinutes', { sweepMinutes: 14 }, 'use at least 15'],
    ['sweepMinutes', { sweepMinutes: 1441 }, 'use at most 1440'],
    ['sweepMinutes', { sweepMinutes: 59.5 }, 'must be an integer'],
    ['alarmTopicArn', { alarmTopicArn: 'alarms' }, 'use arn:aws:sns:'],
    ['alarmTopicArn', { alarmTopicArn: 'arn:aws:sqs:eu-west-1:111122223333:alarms' }, 'not a topic ARN'],
    ['jobDeadlineMinutes', { jobDeadlineMinutes: 4 }, 'use at least 5'],
    ['jobDeadlineMinutes', { jobDeadlineMinutes: 91 }, 'use at most 90'],
    ['jobDeadlineMinutes', { jobDeadlineMinutes: 5.5 }, 'must be an integer'],
    ['memory.StoreAssets', { memory: { StoreAssets: 128 } }, 'use at least 512'],
    ['logLevel', { logLevel: 'info' }, 'use DEBUG or INFO or WARN or ERROR'],
    ['logRetentionDays', { logRetentionDays: 42 }, /use 1 or 3 or 5 .* or 3653/],
    ['stage', { stage: 'test stage' }, 'use up to 32 letters, digits, and hyphens'],
    ['stackName', { stackName: '1st' }, 'begin with a letter'],
    ['tracing', { tracing: 'yes' }, 'must be a boolean'],
    ['removalPolicy', { removalPolicy: 'snapshot' }, 'use retain or destroy'],
    ['maxConcurrency', { maxConcurrency: 1 }, 'use a whole number from 2 to 1000'],
    ['maxConcurrency', { maxConcurrency: 1001 }, 'use a whole number from 2 to 1000'],
  ])('is refused by its name, with what is allowed: %s (case %#)', (name, settings, allowed) => {
    const message = refusal(settings);

    expect(message.slice(0, message.indexOf(': '))).toBe(name);
    expect(message).toMatch(allowed);
  });
});

it.each([
  ['a text', 'text'],
  ['a list', []],
])('settings that are not an object are refused: %s', (_, settings) => {
  expect(refusal(settings)).toBe('must be an object');
});

describe('an unknown setting', () => {
  it.each([
    ['maxCuPerRunn', { maxCuPerRunn: 3 }, 'maxCuPerRun'],
    ['defalts', { defalts: {} }, 'defaults'],
    ['onDuplicates', { onDuplicates: 'reuse' }, 'onDuplicate'],
    ['uploadBucket', { uploadBucket: 'mine' }, 'uploadBucketName'],
    ['jobDeadline', { jobDeadline: 45 }, 'jobDeadlineMinutes'],
    ['memory.StoreAsset', { memory: { StoreAsset: 1024 } }, 'StoreAssets'],
    ['defaults.faceLimt', { defaults: { faceLimt: 3 } }, 'faceLimit'],
    ['defaults.face-limit', { defaults: { 'face-limit': 3 } }, 'faceLimit'],
    ['presets.chairs/.textureQualty', { presets: { 'chairs/': { textureQualty: 'x' } } }, 'textureQuality'],
  ])('is refused with the nearest one: %s', (name, settings, near) => {
    expect(refusal(settings)).toContain(`${name}: there is no such setting, did you mean ${near}?`);
  });

  it('is refused with all that there are, and without a guess when nothing is near', () => {
    const message = refusal({ somethingAltogetherElse: 1 });

    expect(message).toContain(
      'somethingAltogetherElse: there is no such setting (known: stackName, stage, uploadBucketName, ',
    );
    expect(message).not.toContain('did you mean');
  });

  it('is refused without a guess that has nothing in common with it', () => {
    expect(refusal({ defaults: { image: 'asset_1' } })).not.toContain('did you mean quad');
  });

  it('is refused with the names of its own level', () => {
    expect(refusal({ defaults: { somethingAltogetherElse: 1 } })).toContain('(known: texture, textureQuality, ');
  });
});

describe('the app', () => {
  it.each([
    [
      'a name that does not exist',
      { maxCuPerRunn: 3 },
      /^cdk\.json, context\.meshdrop: maxCuPerRunn: there is no such setting, did you mean maxCuPerRun\?.*\n$/,
    ],
    [
      'one bucket for both',
      { uploadBucketName: 'shared', assetBucketName: 'shared' },
      /^cdk\.json, context\.meshdrop: the upload bucket and the asset bucket must differ: .*\n$/,
    ],
  ])('does not synthesize invalid settings, and says why in one sentence: %s', async (_, meshdrop, sentence) => {
    const folder = await mkdtemp(join(tmpdir(), 'meshdrop-config-'));
    const context = { ...cdkContext(), meshdrop };
    const env = { ...process.env, CDK_OUTDIR: folder, CDK_CONTEXT_JSON: JSON.stringify(context) };

    const ended = promisify(execFile)(process.execPath, ['infra/app.ts'], { cwd: project, env });

    const { code, stderr } = failed.parse(await ended.catch((error: unknown) => error));
    expect(code).toBe(1);
    expect(stderr).toMatch(sentence);
    await rm(folder, { recursive: true });
  });
});

/** The sentence that these settings are refused with. */
function refusal(settings: unknown): string {
  try {
    readSettings(settings);
  } catch (error) {
    if (error instanceof InvalidSettingError) return error.message;
    throw error;
  }
  throw new Error(`these settings are not refused: ${JSON.stringify(settings).slice(0, 200)}`);
}
