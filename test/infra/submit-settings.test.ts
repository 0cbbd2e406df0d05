import { describe, expect, it } from 'vitest';
import type { ImageToModelProps } from '../../infra/image-to-model.ts';
import { submitSettings } from '../../infra/submit-settings.ts';
import { WrongSettingError } from '../../infra/invalid-setting.ts';

describe('settings that do not go together', () => {
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

    expect(refusal({ defaults: { generateParts: true }, presets })).toMatch(
      /^presets\.chairs\/: .*exclude each other/,
    );
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
    expect(refusal({ presets: { chairs: {}, 'chairs/': {} } })).toBe(
      'presets.chairs/: the folder is there twice',
    );
    expect(refusal({ presets: { '/': {} } })).toMatch(/^presets\.\/: the folder is empty; use defaults/);
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
    expect(refusal({ presets: { ['u'.repeat(1530)]: {} } })).toBeUndefined();
  });

  it('are taken just below', () => {
    expect(refusal({ presets: presetsOf(100) })).toBeUndefined();
  });

  it('are refused as ignored prefixes too', () => {
    const ignorePrefixes = Array.from({ length: 400 }, (_, n) => `drafts-of-${n}/`);

    expect(refusal({ ignorePrefixes })).toContain('ignorePrefixes');
  });
});

/** The sentence that these settings are refused with; undefined when they are taken. */
function refusal(settings: ImageToModelProps): string | undefined {
  try {
    submitSettings(settings);
    return undefined;
  } catch (error) {
    if (error instanceof WrongSettingError) return error.message;
    throw error;
  }
}
