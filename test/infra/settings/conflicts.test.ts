import { describe, expect, it } from 'vitest';
import { InvalidSettingError } from '../../../infra/settings/invalid-setting.ts';
import { readSettings } from '../../../infra/settings/settings.ts';

describe('settings that do not go together', () => {
  it('are refused when uploads and models share a bucket', () => {
    expect(refusal({ uploadBucketName: 'shared', assetBucketName: 'shared' })).toContain('must differ');
  });

  it('are refused when a key has nothing to encrypt', () => {
    const key = 'arn:aws:kms:us-east-1:111122223333:key/theirs';

    expect(refusal({ uploadBucketKeyArn: key })).toMatch(/^uploadBucketKeyArn needs uploadBucketName/);
    expect(refusal({ secretKeyArn: key })).toMatch(/^secretKeyArn needs scenarioSecretArn/);
  });

  it('are refused when a day may cost less than one image', () => {
    expect(refusal({ maxCuPerDay: 149 })).toMatch(/^maxCuPerDay: 149 is less than maxCuPerRun, 150/);
    expect(refusal({ maxCuPerDay: 149, maxCuPerRun: 149 })).toBeUndefined();
  });

  it('are refused when defaults exclude each other, with both named', () => {
    expect(refusal({ defaults: { generateParts: true, quad: true } })).toMatch(
      /^defaults: generateParts.*=true and quad.*=true exclude each other/,
    );
  });

  it('are refused when a preset excludes itself, with its folder named', () => {
    const presets = { 'fine/': { quad: true }, 'chairs/': { generateParts: true, quad: true } };

    expect(refusal({ presets })).toMatch(/^presets\.chairs\/: .*exclude each other/);
  });

  it('are refused when a preset excludes a default, with its folder named', () => {
    const presets = { 'chairs/': { quad: true } };

    expect(refusal({ defaults: { generateParts: true }, presets })).toMatch(/^presets\.chairs\/: .*exclude each other/);
  });

  it('are taken when a preset would not go together with the defaults, and its own folder is sound', () => {
    const presets = { parts: { generateParts: true, quad: false } };

    expect(refusal({ defaults: { quad: true }, presets })).toBeUndefined();
  });

  it('are refused when a face limit is outside the range of its combination', () => {
    expect(refusal({ presets: { low: { smartLowPoly: true, faceLimit: 500 } } })).toMatch(
      /^presets\.low: faceLimit.*500 is not allowed; with smart low poly use 1,000 to 20,000/,
    );
  });

  it('are refused when a folder is there twice, or is none', () => {
    expect(refusal({ presets: { chairs: {}, 'chairs/': {} } })).toBe('presets.chairs/: the folder is listed twice');
    expect(refusal({ presets: { '/': {} } })).toMatch(/^presets\.\/: the folder has no name; use defaults/);
  });
});

it.each([
  [{ presets: { '/chairs/': {} } }, '"/chairs/" matches no key'],
  [{ ignorePrefixes: ['/tmp/'] }, 'use "tmp/"'],
])('a prefix with a slash in front is refused, because it matches no key: %j', (settings, words) => {
  expect(refusal(settings)).toContain(words);
});

describe('settings that Lambda has no room for', () => {
  const presetsOf = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`folder-${n}/`, { quad: true }]));

  it('are refused above 3 KB of defaults and presets, with both numbers', () => {
    expect(refusal({ presets: presetsOf(200) })).toMatch(/take \d{4} bytes together; at most 3072 fit/);
  });

  it('are counted in bytes of UTF-8', () => {
    expect(refusal({ presets: { ['ü'.repeat(1500)]: {} } })).toMatch(/at most 3072 fit/);
    expect(refusal({ presets: { ['u'.repeat(1500)]: {} } })).toBeUndefined();
  });

  it('are counted as Lambda counts them: a quotation mark takes two bytes', () => {
    expect(refusal({ presets: { ['"'.repeat(600)]: {} } })).toBeUndefined();
    expect(refusal({ presets: { ['"'.repeat(900)]: {} } })).toMatch(/at most 3072 fit/);
  });

  it('include the hosts of results', () => {
    const resultHosts = Array.from({ length: 100 }, (_, n) => `d${n}abcdefghijklmnop.cloudfront.net`);

    expect(refusal({ resultHosts })).toMatch(/at most 3072 fit/);
  });

  it('are taken just below', () => {
    expect(refusal({ presets: presetsOf(80) })).toBeUndefined();
  });

  it('are refused as ignored prefixes too', () => {
    const ignorePrefixes = Array.from({ length: 400 }, (_, n) => `drafts-of-${n}/`);

    expect(refusal({ ignorePrefixes })).toContain('ignorePrefixes');
  });
});

/** The sentence that these settings are refused with; undefined when they are taken. */
function refusal(settings: object): string | undefined {
  try {
    readSettings(settings);
    return undefined;
  } catch (error) {
    if (error instanceof InvalidSettingError) return error.message;
    throw error;
  }
}
