import { describe, expect, it } from 'vitest';
import { type ParameterSettings, resolveParameters } from '../../../functions/models/parameters.ts';
import { tripo31 } from '../../../functions/models/tripo-3-1.ts';
import type { Parameters } from '../../../functions/contract/schemas.ts';
import { defaultParameters } from '../records.ts';

const nothing: ParameterSettings = { defaults: {}, presets: {} };

function parametersOf(metadata: Record<string, string>, settings = nothing, key = 'oak.png'): Parameters {
  const resolved = resolveParameters(tripo31, key, metadata, settings);
  if ('failure' in resolved) throw new Error(resolved.failure.reason);
  return resolved.parameters;
}

function failureOf(metadata: Record<string, string>, settings = nothing, key = 'oak.png') {
  const resolved = resolveParameters(tripo31, key, metadata, settings);
  if ('parameters' in resolved) throw new Error('was accepted');
  return resolved.failure;
}

const BOOLEANS = ['texture', 'pbr', 'auto-size', 'quad', 'smart-low-poly', 'generate-parts'];
const SEEDS = ['seed', 'texture-seed'];

describe('the parameters of an upload', () => {
  it('are the defaults of the model if nobody sets anything', () => {
    expect(parametersOf({})).toEqual(defaultParameters);
    expect(parametersOf({ author: 'somebody', 'x-tripo-quad': 'maybe' })).toEqual(defaultParameters);
  });

  it('have thirteen names', () => {
    expect(Object.keys(tripo31.inputs)).toHaveLength(13);
  });

  it.each([
    ['tripo-texture', 'TRUE', { texture: true }],
    ['tripo-texture', 'False', { texture: false, pbr: false }],
    ['tripo-texture-quality', 'extreme', { textureQuality: 'extreme' }],
    ['tripo-texture-alignment', 'geometry', { textureAlignment: 'geometry' }],
    ['tripo-texture-seed', '0', { textureSeed: 0 }],
    ['tripo-geometry-quality', 'detailed', { geometryQuality: 'detailed' }],
    ['tripo-orientation', 'align_image', { orientation: 'align_image' }],
    ['tripo-pbr', 'false', { pbr: false, texture: true }],
    ['tripo-face-limit', ' 5000 ', { faceLimit: 5000 }],
    ['tripo-auto-size', 'true', { autoSize: true }],
    ['tripo-quad', 'true', { quad: true }],
    ['tripo-smart-low-poly', 'true', { smartLowPoly: true }],
    ['tripo-generate-parts', 'true', { generateParts: true, texture: false, pbr: false }],
    ['tripo-seed', '2147483647', { seed: 2_147_483_647 }],
  ])('accept %s=%s', (key, text, said) => {
    expect(parametersOf({ [key]: text })).toEqual({ ...defaultParameters, ...said });
  });

  it.each([
    ...BOOLEANS.flatMap((name) => [
      [name, 'yes', 'true or false'],
      [name, '1', 'true or false'],
      [name, '', 'true or false'],
    ]),
    ['texture-quality', 'best', 'standard, detailed, extreme'],
    ['texture-quality', 'Detailed', 'standard, detailed, extreme'],
    ['texture-alignment', 'image', 'original_image, geometry'],
    ['geometry-quality', 'extreme', 'standard, detailed'],
    ['orientation', 'align-image', 'default, align_image'],
    ...SEEDS.flatMap((name) =>
      ['-1', '1.5', '2147483648', 'abc', '0x10'].map((text) => [name, text, '0 to 2147483647']),
    ),
    ...['0', '-5', '1e3', '5000.5', '5,000', ''].map((text) => ['face-limit', text, 'at least 1']),
  ])('refuse tripo-%s=%s and say what is allowed', (name = '', text = '', allowed) => {
    const { code, reason } = failureOf({ [`tripo-${name}`]: text });

    expect(code).toBe('bad-parameter');
    expect(reason).toContain(`tripo-${name}`);
    expect(reason).toContain(`"${text}"`);
    expect(reason).toContain(allowed);
  });

  it.each([
    ['tripo-textur', 'tripo-texture'],
    ['tripo-texturequality', 'tripo-texture-quality'],
    ['tripo-texture-aligment', 'tripo-texture-alignment'],
    ['tripo-textureseed', 'tripo-texture-seed'],
    ['tripo-geometry_quality', 'tripo-geometry-quality'],
    ['tripo-orentation', 'tripo-orientation'],
    ['tripo-pbrs', 'tripo-pbr'],
    ['tripo-facelimit', 'tripo-face-limit'],
    ['tripo-autosize', 'tripo-auto-size'],
    ['tripo-quads', 'tripo-quad'],
    ['tripo-smart-lowpoly', 'tripo-smart-low-poly'],
    ['tripo-generate-part', 'tripo-generate-parts'],
    ['tripo-sead', 'tripo-seed'],
  ])('refuse %s and say that %s was probably meant', (key, meant) => {
    const { code, reason } = failureOf({ [key]: 'true' });

    expect(code).toBe('unknown-parameter');
    expect(reason).toContain(key);
    expect(reason).toContain(`did you mean ${meant}?`);
  });

  it('refuse a name that is close to none, and list the names that there are', () => {
    const { reason } = failureOf({ 'tripo-negative-prompt': 'blurry' });

    expect(reason).not.toContain('did you mean');
    for (const name of ['tripo-face-limit', 'tripo-smart-low-poly', 'tripo-seed']) expect(reason).toContain(name);
  });

  it('refuse an image: the upload is the image', () => {
    expect(failureOf({ 'tripo-image': 'asset_1' })).toMatchObject({
      code: 'unknown-parameter',
      reason: 'tripo-image: the upload itself is the image; remove this key',
    });
  });
});

describe('the source of a parameter', () => {
  const settings: ParameterSettings = {
    defaults: { seed: 1, geometryQuality: 'detailed' },
    presets: {
      chairs: { seed: 2 },
      'chairs/oak/': { seed: 3, autoSize: true },
      'chairs/oak/old': { seed: 4 },
    },
  };

  it.each([
    ['lamp.png', 1],
    ['chairs.png', 1],
    ['chairs-old/a.png', 1],
    ['chairs/a.png', 2],
    ['chairs/oak/a.png', 3],
    ['chairs/oak/old/a.png', 4],
    ['chairs/oak/older/a.png', 3],
  ])('is the longest folder of %s (seed %i)', (key, seed) => {
    expect(parametersOf({}, settings, key)).toMatchObject({ seed, geometryQuality: 'detailed' });
  });

  it('is the object itself before all others', () => {
    const metadata = { 'tripo-seed': '9', 'tripo-geometry-quality': 'standard' };

    expect(parametersOf(metadata, settings, 'chairs/oak/a.png')).toEqual({
      ...defaultParameters,
      seed: 9,
      autoSize: true,
    });
  });

  it('is named in a conflict', () => {
    const quad = { defaults: {}, presets: { parts: { generateParts: true } } };

    const { code, reason } = failureOf({ 'tripo-quad': 'true' }, quad, 'parts/a.png');

    expect(code).toBe('parameter-conflict');
    expect(reason).toContain('tripo-quad=true');
    expect(reason).toContain('generateParts (of folder parts/)=true');
  });
});

describe('combinations', () => {
  it.each([
    ['parts with a texture', { 'tripo-generate-parts': 'true', 'tripo-texture': 'true' }],
    ['parts with PBR', { 'tripo-generate-parts': 'true', 'tripo-pbr': 'true' }],
    ['parts of quads', { 'tripo-generate-parts': 'true', 'tripo-quad': 'true' }],
    ['parts in low poly', { 'tripo-generate-parts': 'true', 'tripo-smart-low-poly': 'true' }],
    ['PBR without a texture', { 'tripo-texture': 'false', 'tripo-pbr': 'true' }],
    ['the quality of no texture', { 'tripo-texture': 'false', 'tripo-texture-quality': 'detailed' }],
    ['the alignment of no texture', { 'tripo-texture': 'false', 'tripo-texture-alignment': 'geometry' }],
    ['the seed of no texture', { 'tripo-texture': 'false', 'tripo-texture-seed': '1' }],
    ['parts with a texture seed', { 'tripo-generate-parts': 'true', 'tripo-texture-seed': '1' }],
  ])('of %s are refused, with both keys and values', (_, metadata: Record<string, string>) => {
    const { code, reason } = failureOf(metadata);

    expect(code).toBe('parameter-conflict');
    for (const [key, value] of Object.entries(metadata)) expect(reason).toContain(`${key}=${value}`);
  });

  it.each([
    ['parts that the deployment asks for', { generateParts: true }, {}],
    ['parts without a texture', {}, { 'tripo-generate-parts': 'true', 'tripo-texture': 'false' }],
    ['parts without PBR', {}, { 'tripo-generate-parts': 'true', 'tripo-pbr': 'false' }],
    ['neither texture nor PBR', {}, { 'tripo-texture': 'false', 'tripo-pbr': 'false' }],
    ['no texture', {}, { 'tripo-texture': 'false' }],
  ])('of %s are fine, and turn texture and PBR off', (_, defaults, metadata: Record<string, string>) => {
    expect(parametersOf(metadata, { defaults, presets: {} })).toMatchObject({ texture: false, pbr: false });
  });

  it('a texture that the deployment asks for is explicit', () => {
    const settings = { defaults: { texture: true }, presets: {} };

    expect(failureOf({ 'tripo-generate-parts': 'true' }, settings)).toMatchObject({
      code: 'parameter-conflict',
    });
  });
});

describe('the face limit', () => {
  it.each([
    ['smart low poly', { 'tripo-smart-low-poly': 'true' }, 1_000, 20_000],
    ['smart low poly in quads', { 'tripo-smart-low-poly': 'true', 'tripo-quad': 'true' }, 500, 10_000],
    ['quads', { 'tripo-quad': 'true' }, 1, 150_000],
    ['detailed quads', { 'tripo-quad': 'true', 'tripo-geometry-quality': 'detailed' }, 1, 150_000],
    ['standard geometry', {}, 1, 1_500_000],
    ['detailed geometry', { 'tripo-geometry-quality': 'detailed' }, 1, 2_000_000],
  ])('of %s lies from %i to %i', (_, metadata: Record<string, string>, min, max) => {
    const at = (faces: number) => ({ ...metadata, 'tripo-face-limit': String(faces) });

    expect(parametersOf(at(min))['faceLimit']).toBe(min);
    expect(parametersOf(at(max))['faceLimit']).toBe(max);
    for (const faces of [min - 1, max + 1]) {
      const { code, reason } = failureOf(at(faces));
      expect(code).toBe('bad-parameter');
      expect(reason).toContain('tripo-face-limit');
      expect(reason).toContain(String(faces));
    }
    expect(failureOf(at(max + 1)).reason).toContain(`${min.toLocaleString('en')} to ${max.toLocaleString('en')}`);
  });

  it('that the deployment sets is named as such', () => {
    const settings = { defaults: { faceLimit: 900 }, presets: {} };

    expect(failureOf({ 'tripo-smart-low-poly': 'true' }, settings).reason).toContain('of the deployment');
  });
});
