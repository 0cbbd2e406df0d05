import * as z from 'zod';

/** Tripo 3.1 on Scenario: one image in, one 3D model out. */
export const modelId = 'model_tripo-v3-1-image-to-3d';

const seed = z.number().int().min(0).max(2_147_483_647);

/**
 * Every input of the model but the image. Names and values are the API's own.
 *
 * @see https://app.scenario.com model record of 2026-06-28; `extreme` and the seeds' range are Tripo's own
 */
export const parametersSchema = z.strictObject({
  texture: z.boolean().describe('texture the model'),
  textureQuality: z
    .enum(['standard', 'detailed', 'extreme'])
    .describe('texture resolution; extreme is 8K; costs more'),
  textureAlignment: z.enum(['original_image', 'geometry']).describe('what the texture follows first'),
  textureSeed: seed.optional().describe('the same seed gives the same texture'),
  geometryQuality: z.enum(['standard', 'detailed']).describe('mesh detail; detailed costs more'),
  orientation: z.enum(['default', 'align_image']).describe('align_image turns the model as in the image'),
  pbr: z.boolean().describe('physically based materials; implies a texture'),
  faceLimit: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe('most faces of the mesh; the model chooses when unset'),
  autoSize: z.boolean().describe('scale to real size, in metres'),
  quad: z.boolean().describe('quad mesh; the file is an FBX then'),
  smartLowPoly: z.boolean().describe('hand-made looking low-poly topology'),
  generateParts: z.boolean().describe('separate parts, without texture'),
  seed: seed.optional().describe('the same seed gives the same shape'),
});

/** All effective values of a run: what is sent, beside the image. */
export type Parameters = z.infer<typeof parametersSchema>;

/** What a deployment, a folder or an upload says: any part of them. */
export const settingsSchema = parametersSchema.partial();
export type Settings = z.infer<typeof settingsSchema>;

/** All fourteen inputs, as the paid call takes them. `image` is an asset id. */
export type ModelInput = Parameters & { readonly image: string };

export type ParameterName = keyof Parameters;
export const parameterNames = parametersSchema.keyof().options;

export const modelDefaults: Parameters = {
  texture: true,
  textureQuality: 'standard',
  textureAlignment: 'original_image',
  geometryQuality: 'standard',
  orientation: 'default',
  pbr: true,
  autoSize: false,
  quad: false,
  smartLowPoly: false,
  generateParts: false,
};

/** The faces that a combination allows. Without smart low poly no lower bound is known. */
export function faceLimitRange({ smartLowPoly, quad, geometryQuality }: Parameters) {
  if (smartLowPoly && quad) return { min: 500, max: 10_000, where: 'with smart low poly and quad' };
  if (smartLowPoly) return { min: 1_000, max: 20_000, where: 'with smart low poly' };
  if (quad) return { min: 1, max: 150_000, where: 'with quad' };
  if (geometryQuality === 'detailed') return { min: 1, max: 2_000_000, where: 'with detailed geometry' };
  return { min: 1, max: 1_500_000, where: 'with standard geometry' };
}
