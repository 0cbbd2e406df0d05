import type { Input, Model, Range, Values } from './model.ts';

const seed = { kind: 'integer', min: 0, max: 2_147_483_647 } as const;
const textureOptions = ['textureQuality', 'textureAlignment', 'textureSeed'];
const noTexture = 'there is no texture that it could apply to';

function flag(initial: boolean, describe: string): Input {
  return { kind: 'boolean', default: initial, describe };
}

/** The first option is the default. */
function choice(options: readonly [string, ...string[]], describe: string): Input {
  return { kind: 'choice', options, default: options[0], describe };
}

function faces(when: Values, min: number, max: number, where: string): Range {
  return { of: 'faceLimit', when, min, max, where };
}

/**
 * Tripo 3.1 on Scenario: one image in, one 3D model out. Names and values are the API's own.
 *
 * @see https://app.scenario.com model record of 2026-06-28; `extreme` and the range of the seeds are documented by Tripo
 */
export const tripo31: Model = {
  name: 'tripo-3-1',
  id: 'model_tripo-v3-1-image-to-3d',
  metadataPrefix: 'tripo-',
  imageInput: 'image',
  inputs: {
    texture: flag(true, 'texture the model'),
    textureQuality: choice(['standard', 'detailed', 'extreme'], 'texture resolution; extreme is 8K; costs more'),
    textureAlignment: choice(['original_image', 'geometry'], 'what the texture follows first'),
    textureSeed: { ...seed, describe: 'the same seed gives the same texture' },
    geometryQuality: choice(['standard', 'detailed'], 'mesh detail; detailed costs more'),
    orientation: choice(['default', 'align_image'], 'align_image turns the model as in the image'),
    pbr: flag(true, 'physically based materials; implies a texture'),
    faceLimit: { kind: 'integer', min: 1, describe: 'maximum number of faces; the model chooses if unset' },
    autoSize: flag(false, 'scale to real size, in metres'),
    quad: flag(false, 'quad mesh; the file is an FBX then'),
    smartLowPoly: flag(false, 'low-poly topology that looks handmade'),
    generateParts: flag(false, 'separate parts, without texture'),
    seed: { ...seed, describe: 'the same seed gives the same shape' },
  },
  implications: [
    { when: { generateParts: true }, implies: { texture: false, pbr: false } },
    { when: { texture: false }, implies: { pbr: false } },
  ],
  conflicts: [
    { when: { generateParts: true, texture: true }, why: 'separate parts have no texture' },
    { when: { generateParts: true, pbr: true }, why: 'separate parts have no materials' },
    { when: { generateParts: true, quad: true }, why: 'separate parts cannot be a quad mesh' },
    { when: { generateParts: true, smartLowPoly: true }, why: 'the parts would be lost silently' },
    { when: { texture: false, pbr: true }, why: 'PBR materials need a texture' },
    { when: { generateParts: true }, explicit: textureOptions, why: noTexture },
    { when: { texture: false }, explicit: textureOptions, why: noTexture },
  ],
  ranges: [
    faces({ smartLowPoly: true, quad: true }, 500, 10_000, 'with smart low poly and quad'),
    faces({ smartLowPoly: true }, 1_000, 20_000, 'with smart low poly'),
    // Without smart low poly no lower bound is known.
    faces({ quad: true }, 1, 150_000, 'with quad'),
    faces({ geometryQuality: 'detailed' }, 1, 2_000_000, 'with detailed geometry'),
    faces({}, 1, 1_500_000, 'with standard geometry'),
  ],
  // By one measured run and Tripo's price list.
  typicalCu: 37.5,
  image: {
    maxBytes: 20_000_000,
    minSide: 20,
    maxSide: 6_000,
    contentTypes: ['image/jpeg', 'image/png', 'image/webp'],
  },
  roles: { '3d:texture': 'texture' },
  // The quantiles of log-normal jobs with a median of 120 s and a 95th percentile of 420 s.
  typicalSeconds: [27, 40, 50, 59, 68, 76, 85, 94, 104, 114, 126, 139, 153, 170, 189, 213, 245, 288, 359, 534],
};
