import * as z from 'zod';

/** A file of the result in the asset bucket. Its version id pins the bytes: what is described can never change. */
export const assetSchema = z.strictObject({
  role: z.enum(['model', 'preview', 'texture', 'other']),
  bucket: z.string(),
  key: z.string(),
  versionId: z.string().optional().describe('absent where the bucket has no versioning'),
  contentType: z.string(),
  bytes: z.number().int().positive(),
  sha256: z.string().describe('hex'),
  assetId: z.string().describe('at Scenario'),
});

export type Asset = z.infer<typeof assetSchema>;
