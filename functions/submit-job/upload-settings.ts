import { metadataAllowedSchema, onDuplicateSchema } from '../contract/options.ts';
import type { Model } from '../models/model.ts';
import { parameterSettingsSchema } from '../models/parameters.ts';
import { MODELS, modelNamed } from '../models/registry.ts';
import { type Env, readList, readPositive } from '../platform/env.ts';

export const UPLOAD_SETTINGS = [
  'MODEL',
  'PARAMETER_SETTINGS',
  'MAX_CU_PER_RUN',
  'ON_DUPLICATE',
  'METADATA_ALLOWED',
  'CARRY_METADATA',
] as const;
type UploadSetting = (typeof UPLOAD_SETTINGS)[number];

/** The deployment's settings for every upload. */
export function readUploadSettings(env: Env<UploadSetting>, models: readonly Model[] = MODELS) {
  const model = modelNamed(env.MODEL, models);
  if (!model) throw new Error(`the environment variable MODEL names no model: ${env.MODEL}`);
  return {
    models,
    carryMetadata: readList(env, 'CARRY_METADATA'),
    metadataAllowed: metadataAllowedSchema.parse(JSON.parse(env.METADATA_ALLOWED)),
    parameterSettings: parameterSettingsSchema.parse(JSON.parse(env.PARAMETER_SETTINGS)),
    /** Used if an upload's metadata does not set them. */
    options: { model, onDuplicate: onDuplicateSchema.parse(env.ON_DUPLICATE) },
    /** Compute units; a higher quote rejects the upload. */
    maxCuPerRun: readPositive(env, 'MAX_CU_PER_RUN'),
  };
}
