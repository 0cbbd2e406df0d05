import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { configFrom } from '../../infra/settings.ts';
import { WrongSettingError } from '../../infra/invalid-setting.ts';
import { cdkContext, project } from './cdk-context.ts';

const failed = z.object({ code: z.number(), stderr: z.string() });

const SECRET_ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:scenario-a1B2c3';

describe('settings that are left out', () => {
  it.each([undefined, null, {}])('are left to the construct: %j', (context) => {
    expect(configFrom(context)).toEqual({});
  });
});

describe('a good setting', () => {
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
    ['maxCuPerRun', 0.5],
    ['maxCuPerDay', 150],
    ['again', 'reuse'],
    ['sweepMinutes', 15],
    ['sweepMinutes', 1440],
    ['alarmTopicArn', 'arn:aws:sns:eu-west-1:111122223333:alarms'],
    ['jobDeadlineMinutes', 5],
    ['jobDeadlineMinutes', 90],
    ['maxConcurrency', 1000],
  ])('is taken as it is: %s %j', (name, value) => {
    expect(configFrom({ [name]: value })).toHaveProperty([name], value);
  });
});

describe('a wrong setting', () => {
  it.each([
    ['it', 'text', 'write an object'],
    ['it', [], 'write an object'],
    ['uploadBucketName', { uploadBucketName: 5 }, 'write a text'],
    ['uploadBucketName', { uploadBucketName: 'My_Uploads' }, /3 to 63|lower[- ]case/],
    ['assetBucketName', { assetBucketName: 'ab' }, /3 to 63|lower[- ]case/],
    ['assetBucketName', { assetBucketName: 'my..models' }, 'dots between them'],
    ['assetBucketName', { assetBucketName: 'my.-models' }, 'dots between them'],
    ['assetBucketName', { assetBucketName: '192.168.0.1' }, 'no IP address'],
    ['eventBusName', { eventBusName: '' }, 'is empty'],
    ['eventBusName', { eventBusName: 'my bus' }, 'is no name of a bus'],
    ['eventBusName', { eventBusName: 'arn:aws:events:eu-west-1:111122223333:event-bus/models' }, 'no name'],
    ['scenarioSecretArn', { scenarioSecretArn: 'my-secret' }, 'write arn:aws:secretsmanager:'],
    ['scenarioSecretArn', { scenarioSecretArn: SECRET_ARN.slice(0, -7) }, 'no whole ARN of a secret'],
    ['scenarioSecretArn', { scenarioSecretArn: 'arn:aws:s3:::secrets-a1B2c3' }, 'no whole ARN of a secret'],
    ['scenarioUrl', { scenarioUrl: 'api.example.com' }, /URL/],
    ['scenarioUrl', { scenarioUrl: 'https://api.example.com' }, 'ends with /v1'],
    ['scenarioUrl', { scenarioUrl: 'ftp://api.example.com/v1' }, /URL|https?/],
    ['defaults', { defaults: [] }, 'write an object'],
    ['defaults.quad', { defaults: { quad: 'true' } }, 'write true or false'],
    ['defaults.faceLimit', { defaults: { faceLimit: 0 } }, 'use at least 1'],
    ['defaults.seed', { defaults: { seed: 2 ** 31 } }, 'use at most 2147483647'],
    ['defaults.textureQuality', { defaults: { textureQuality: 'best' } }, 'use standard, detailed, extreme'],
    ['presets', { presets: [] }, 'write an object'],
    ['presets.chairs/.quad', { presets: { 'chairs/': { quad: 1 } } }, 'write true or false'],
    ['ignorePrefixes', { ignorePrefixes: 'tmp/' }, 'write a list'],
    ['ignorePrefixes.1', { ignorePrefixes: ['tmp/', ''] }, 'is empty'],
    ['maxCuPerRun', { maxCuPerRun: 0 }, 'more than 0'],
    ['maxCuPerRun', { maxCuPerRun: '150' }, 'write a number, without quotes'],
    ['maxCuPerDay', { maxCuPerDay: 0 }, 'more than 0'],
    ['again', { again: 'always' }, 'use rerun, reuse'],
    ['sweepMinutes', { sweepMinutes: 14 }, 'use at least 15'],
    ['sweepMinutes', { sweepMinutes: 1441 }, 'use at most 1440'],
    ['sweepMinutes', { sweepMinutes: 59.5 }, 'write a whole number'],
    ['alarmTopicArn', { alarmTopicArn: 'alarms' }, 'write arn:aws:sns:'],
    ['alarmTopicArn', { alarmTopicArn: 'arn:aws:sqs:eu-west-1:111122223333:alarms' }, 'no ARN of a topic'],
    ['jobDeadlineMinutes', { jobDeadlineMinutes: 4 }, 'use at least 5'],
    ['jobDeadlineMinutes', { jobDeadlineMinutes: 91 }, 'use at most 90'],
    ['jobDeadlineMinutes', { jobDeadlineMinutes: 5.5 }, 'write a whole number'],
    ['maxConcurrency', { maxConcurrency: 1 }, 'use at least 2'],
    ['maxConcurrency', { maxConcurrency: 1001 }, 'use at most 1000'],
  ])('is refused by its name, with what is allowed: %s %j', (name, settings, allowed) => {
    const message = refusal(settings);

    expect(message.slice(0, message.indexOf(': '))).toBe(name);
    expect(message).toMatch(allowed);
  });
});

describe('a name that is no setting', () => {
  it.each([
    ['maxCuPerRunn', { maxCuPerRunn: 3 }, 'maxCuPerRun'],
    ['defalts', { defalts: {} }, 'defaults'],
    ['uploadBucket', { uploadBucket: 'mine' }, 'uploadBucketName'],
    ['jobDeadline', { jobDeadline: 45 }, 'jobDeadlineMinutes'],
    ['defaults.faceLimt', { defaults: { faceLimt: 3 } }, 'faceLimit'],
    ['defaults.face-limit', { defaults: { 'face-limit': 3 } }, 'faceLimit'],
    ['presets.chairs/.textureQualty', { presets: { 'chairs/': { textureQualty: 'x' } } }, 'textureQuality'],
  ])('is refused with the nearest one: %s', (name, settings, near) => {
    expect(refusal(settings)).toContain(`${name}: there is no such setting, did you mean ${near}?`);
  });

  it('is refused with all that there are, and without a guess when nothing is near', () => {
    const message = refusal({ somethingAltogetherElse: 1 });

    expect(message).toContain('somethingAltogetherElse: there is no such setting (known: uploadBucketName, ');
    expect(message).not.toContain('did you mean');
  });

  it('is refused without a guess that has nothing in common with it', () => {
    expect(refusal({ defaults: { image: 'asset_1' } })).not.toContain('did you mean quad');
  });

  it('is refused with the names of its own level', () => {
    expect(refusal({ defaults: { somethingAltogetherElse: 1 } })).toContain(
      '(known: texture, textureQuality, ',
    );
  });
});

describe('the app', () => {
  it.each([
    [
      { maxCuPerRunn: 3 },
      /^cdk\.json, context\.meshdrop: maxCuPerRunn: there is no such setting, did you mean maxCuPerRun\?.*\n$/,
    ],
    [
      { uploadBucketName: 'shared', assetBucketName: 'shared' },
      /^cdk\.json, context\.meshdrop: upload bucket and asset bucket are the same bucket: .*\n$/,
    ],
  ])('does not synthesize wrong settings, and says why in one sentence: %j', async (meshdrop, sentence) => {
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
    configFrom(settings);
  } catch (error) {
    if (error instanceof WrongSettingError) return error.message;
    throw error;
  }
  throw new Error(`these settings are not refused: ${JSON.stringify(settings).slice(0, 200)}`);
}
