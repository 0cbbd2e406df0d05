import * as z from 'zod';

/** What to do with an image if its model is already stored. */
export const onDuplicateSchema = z.enum(['regenerate', 'reuse']);
export type OnDuplicate = z.infer<typeof onDuplicateSchema>;

/** Which of Meshdrop's and the models' metadata keys an upload can use: all, none, or these. */
export const metadataAllowedSchema = z.union([z.enum(['all', 'none']), z.array(z.string())]);
export type MetadataAllowed = z.infer<typeof metadataAllowedSchema>;

/**
 * What to do if the Khronos glTF validator finds errors: report them in the manifest, or not count the file as a model.
 */
export const glbErrorsSchema = z.enum(['report', 'fail']);
export type GlbErrors = z.infer<typeof glbErrorsSchema>;

/** The files that are made of a model. All but `plain` are made by default. */
export const renditionNameSchema = z.enum(['web', 'plain', 'ar', 'poster', 'turntable']);
export type RenditionName = z.infer<typeof renditionNameSchema>;

/** What the renditions of all models of a deployment depend on. */
export const renditionSettingsSchema = z.strictObject({
  names: z.array(renditionNameSchema),
  maxTriangles: z.int().positive(),
  /** Of `web` and `plain`. */
  maxBytes: z.int().positive(),
  /** `#ffffff`, or `transparent`. */
  background: z.string(),
});
export type RenditionSettings = z.infer<typeof renditionSettingsSchema>;
