import * as z from 'zod';

/** A file of the result in the asset bucket. The version ID identifies its exact bytes. */
export const assetSchema = z.strictObject({
  role: z.enum(['model', 'preview', 'texture', 'other']).describe('what the file is for'),
  bucket: z.string().describe('the asset bucket'),
  key: z.string().describe('of the file'),
  versionId: z.string().optional().describe('absent if the bucket has no versioning'),
  contentType: z.string().describe('by the bytes of the file'),
  bytes: z.int().positive().describe('the size of the file'),
  sha256: z.string().describe('hex'),
  assetId: z.string().describe('at Scenario'),
});

export type Asset = z.infer<typeof assetSchema>;

const count = z.int().nonnegative();
const point = z.tuple([z.number(), z.number(), z.number()]);

export const factsSchema = z.strictObject({
  generator: z.string().optional().describe('the program that wrote the file, in its own words'),
  triangles: count.describe('of all meshes, each counted once'),
  vertices: count.describe('of all meshes, each counted once'),
  materials: count.describe('the number of materials'),
  textures: z
    .array(
      z.strictObject({
        contentType: z.string().optional().describe('of the image'),
        bytes: count.optional().describe('the size of the image'),
        width: count.optional().describe('pixels; absent if the image does not say'),
        height: count.optional().describe('pixels; absent if the image does not say'),
      }),
    )
    .describe('the first hundred images'),
  boundingBox: z
    .strictObject({ min: point.describe('x, y, z'), max: point.describe('x, y, z') })
    .optional()
    .describe('metres; around all meshes, with the transforms of their nodes'),
});

const validationSchema = z.strictObject({
  errors: count.describe('the number of errors'),
  warnings: count.describe('the number of warnings'),
  messages: z.array(z.string()).describe('the first errors'),
  truncated: z.literal(true).optional().describe('there are more issues than the validator counts'),
});

/** Something odd about a file. Meshdrop keeps the file anyway, because it is paid for. */
const problemSchema = z.strictObject({
  code: z
    .enum([
      'wrong-size',
      'trailing-bytes',
      'ends-early',
      'perhaps-cut',
      'wrong-chunks',
      'unreadable',
      'unknown-format',
      'page',
      'not-validated',
    ])
    .describe('with ends-early, unreadable, and page, the file is never the model'),
  message: z.string().describe('one plain sentence'),
});

export type Problem = z.infer<typeof problemSchema>;

/** A file as the manifest describes it: the asset of the event, and more details. */
export const storedAssetSchema = z.strictObject({
  ...assetSchema.shape,
  checksum: z
    .strictObject({ algorithm: z.literal('CRC32').describe('always CRC32'), value: z.string().describe('base64') })
    .optional()
    .describe('of the whole object, as S3 keeps it'),
  problems: z.array(problemSchema).optional().describe('what is odd about the file; absent if nothing is'),
  facts: factsSchema.optional().describe('of a GLB of up to 64 MB'),
  validation: validationSchema.optional().describe('the Khronos glTF validator, on a GLB of up to 64 MB'),
});

export type StoredAsset = z.infer<typeof storedAssetSchema>;
export type ModelFacts = z.infer<typeof factsSchema>;

/** A file that Scenario lists but that could not be copied. */
export const missingSchema = z.strictObject({
  assetId: z.string().describe('at Scenario'),
  reason: z.string().describe('one plain sentence'),
});

/** Returns the asset without the details that only the manifest has. */
export function withoutDetails({
  checksum: _,
  facts: __,
  validation: ___,
  problems: ____,
  ...asset
}: StoredAsset): Asset {
  return asset;
}
