import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { checkConfig } from '../../infra/config.ts';
import { cdkContext, project } from './cdk-context.ts';

const failed = z.object({ code: z.number(), stderr: z.string() });

const PREFIX = 'cdk.json, context.meshdrop: ';
const SECRET_ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:scenario-a1B2c3';

describe('settings that are left out', () => {
  it('have their documented defaults', () => {
    expect(checkConfig({})).toEqual({
      defaults: {},
      presets: {},
      ignorePrefixes: [],
      maxCuPerRun: 150,
      again: 'rerun',
      sweepMinutes: 60,
      jobDeadlineMinutes: 45,
      maxAssetBytes: 2_000_000_000,
      glbErrors: 'record',
      maxConcurrency: 2,
    });
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
    expect(checkConfig({ [name]: value })).toHaveProperty([name], value);
  });

  it('may be a preset beside defaults that it would not go together with, when its own folder is sound', () => {
    const settings = { defaults: { quad: true }, presets: { parts: { generateParts: true, quad: false } } };

    expect(checkConfig(settings)).toMatchObject(settings);
  });
});

describe('a wrong setting', () => {
  it.each([
    ['it', 'text', 'write an object'],
    ['it', [], 'write an object'],
    ['uploadBucketName', { uploadBucketName: 5 }, 'write a text'],
    ['uploadBucketName', { uploadBucketName: 'My_Uploads' }, /3 to 63|lower[- ]case/],
    ['assetBucketName', { assetBucketName: 'ab' }, /3 to 63|lower[- ]case/],
    ['eventBusName', { eventBusName: '' }, 'is empty'],
    ['scenarioSecretArn', { scenarioSecretArn: 'my-secret' }, 'begins with arn:'],
    ['scenarioUrl', { scenarioUrl: 'api.example.com' }, /URL/],
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
    ['maxCuPerDay', { maxCuPerDay: 149 }, 'less than maxCuPerRun, 150'],
    ['again', { again: 'always' }, 'use rerun, reuse'],
    ['sweepMinutes', { sweepMinutes: 14 }, 'use at least 15'],
    ['sweepMinutes', { sweepMinutes: 1441 }, 'use at most 1440'],
    ['sweepMinutes', { sweepMinutes: 59.5 }, 'write a whole number'],
    ['alarmTopicArn', { alarmTopicArn: 'alarms' }, 'begins with arn:'],
    ['jobDeadlineMinutes', { jobDeadlineMinutes: 4 }, 'use at least 5'],
    ['jobDeadlineMinutes', { jobDeadlineMinutes: 91 }, 'use at most 90'],
    ['jobDeadlineMinutes', { jobDeadlineMinutes: 5.5 }, 'write a whole number'],
    ['maxConcurrency', { maxConcurrency: 1 }, 'use at least 2'],
    ['maxConcurrency', { maxConcurrency: 1001 }, 'use at most 1000'],
  ])('is refused by its name, with what is allowed: %s %j', (name, settings, allowed) => {
    const message = refusal(settings);

    expect(message.slice(0, message.indexOf(': ', PREFIX.length))).toBe(`${PREFIX}${name}`);
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

describe('settings that do not go together', () => {
  it('are refused when uploads and models would share a bucket', () => {
    const message = refusal({ uploadBucketName: 'shared', assetBucketName: 'shared' });

    expect(message).toContain('uploadBucketName and assetBucketName are the same bucket');
  });

  it('are refused when defaults exclude each other, with both named', () => {
    const message = refusal({ defaults: { generateParts: true, quad: true } });

    expect(message).toMatch(
      /context\.meshdrop: defaults: generateParts.*=true and quad.*=true exclude each other/,
    );
  });

  it('are refused when a preset excludes itself, with its folder named', () => {
    const message = refusal({
      presets: { 'fine/': { quad: true }, 'chairs/': { generateParts: true, quad: true } },
    });

    expect(message).toMatch(/context\.meshdrop: presets\.chairs\/: .*exclude each other/);
  });

  it('are refused when a preset excludes a default, with its folder named', () => {
    const message = refusal({ defaults: { generateParts: true }, presets: { 'chairs/': { quad: true } } });

    expect(message).toMatch(/context\.meshdrop: presets\.chairs\/: .*exclude each other/);
  });

  it('are refused when a face limit is outside the range of its combination', () => {
    const message = refusal({ presets: { low: { smartLowPoly: true, faceLimit: 500 } } });

    expect(message).toMatch(
      /presets\.low: faceLimit.*500 is not allowed; with smart low poly use 1,000 to 20,000/,
    );
  });
});

describe('settings that Lambda has no room for', () => {
  const presetsOf = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`folder-${n}/`, { quad: true }]));

  it('are refused above 3 KB of defaults and presets, with both numbers', () => {
    expect(refusal({ presets: presetsOf(200) })).toMatch(/take \d{4} bytes together; at most 3072 fit/);
  });

  it('are counted in bytes of UTF-8', () => {
    expect(refusal({ presets: { ['ü'.repeat(1530)]: {} } })).toMatch(/at most 3072 fit/);
    expect(() => checkConfig({ presets: { ['u'.repeat(1530)]: {} } })).not.toThrow();
  });

  it('are taken just below', () => {
    expect(() => checkConfig({ presets: presetsOf(100) })).not.toThrow();
  });

  it('are refused as ignored prefixes too', () => {
    const ignorePrefixes = Array.from({ length: 400 }, (_, n) => `drafts-of-${n}/`);

    expect(refusal({ ignorePrefixes })).toContain('ignorePrefixes');
  });
});

describe('the app', () => {
  it('does not synthesize wrong settings, and says why in one sentence', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'meshdrop-config-'));
    const context = { ...cdkContext(), meshdrop: { maxCuPerRunn: 3 } };
    const env = { ...process.env, CDK_OUTDIR: folder, CDK_CONTEXT_JSON: JSON.stringify(context) };

    const ended = promisify(execFile)(process.execPath, ['infra/app.ts'], { cwd: project, env });

    const { code, stderr } = failed.parse(await ended.catch((error: unknown) => error));
    expect(code).toBe(1);
    expect(stderr).toContain(
      'cdk.json, context.meshdrop: maxCuPerRunn: there is no such setting, did you mean maxCuPerRun?',
    );
    await rm(folder, { recursive: true });
  });
});

/** The sentence that these settings are refused with. */
function refusal(settings: unknown): string {
  try {
    checkConfig(settings);
  } catch (error) {
    if (error instanceof Error) return error.message;
  }
  throw new Error(`these settings are not refused: ${JSON.stringify(settings).slice(0, 200)}`);
}
