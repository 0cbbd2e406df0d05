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

const count = z.number().int().nonnegative();
const point = z.tuple([z.number(), z.number(), z.number()]);

export const factsSchema = z.strictObject({
  generator: z.string().optional().describe('the program that wrote the file, as it says itself'),
  triangles: count,
  vertices: count,
  materials: count,
  textures: z.array(
    z.strictObject({
      contentType: z.string().optional(),
      bytes: count.optional(),
      width: count.optional().describe('pixels; absent where the image does not say it'),
      height: count.optional(),
    }),
  ),
  boundingBox: z
    .strictObject({ min: point, max: point })
    .optional()
    .describe('metres; the boxes of all meshes with the transforms of their nodes'),
});

const validationSchema = z.strictObject({
  errors: count,
  warnings: count,
  messages: z.array(z.string()).describe('the first errors'),
});

/** What the manifest says of a file, and the event does not. */
const detailsSchema = z.strictObject({
  checksum: z
    .strictObject({ algorithm: z.literal('CRC32'), value: z.string() })
    .optional()
    .describe('base64, of the whole object, as S3 keeps it'),
  facts: factsSchema.optional().describe('of a GLB of up to 64 MB'),
  validation: validationSchema.optional().describe("Khronos' glTF validator, on a GLB of up to 64 MB"),
});

export const storedAssetSchema = z.strictObject({ ...assetSchema.shape, ...detailsSchema.shape });
export type StoredAsset = z.infer<typeof storedAssetSchema>;
export type ModelFacts = z.infer<typeof factsSchema>;

/** A file that Scenario names and that could not be had. */
export const missingSchema = z.strictObject({ assetId: z.string(), reason: z.string() });

/** The asset alone, as an event carries it. */
export function withoutDetails({ checksum: _, facts: __, validation: ___, ...asset }: StoredAsset): Asset {
  return asset;
}
