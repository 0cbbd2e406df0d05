import * as z from 'zod';
import { renditionNameSchema } from './options.ts';

const metres = z.tuple([z.number(), z.number(), z.number()]);

/** A file that was made of a model. The version ID identifies its exact bytes. */
export const renditionFileSchema = z.strictObject({
  role: renditionNameSchema.describe('what the file is for'),
  bucket: z.string().describe('the asset bucket'),
  key: z.string().describe('of the file'),
  versionId: z.string().optional().describe('absent if the bucket has no versioning'),
  contentType: z.string().describe('of the file'),
  bytes: z.int().positive().describe('the size of the file'),
  sha256: z.string().describe('hex'),
});

export type RenditionFile = z.infer<typeof renditionFileSchema>;

export const renditionSourceSchema = z
  .strictObject({
    key: z.string().describe('of the model in the asset bucket'),
    versionId: z.string().optional().describe('absent if the bucket has no versioning'),
    sha256: z.string().describe('hex'),
  })
  .describe('the model that the files were made of');

/** The channels that a certificate is for. */
export const profileSchema = z.enum(['khronos', 'shopify', 'amazon', 'ar']);
export type ProfileName = z.infer<typeof profileSchema>;

export const fidelitySchema = z
  .strictObject({
    silhouette: z
      .strictObject({
        worst: z.number().nonnegative().describe('of the view that differs most'),
        mean: z.number().nonnegative().describe('of all views'),
      })
      .describe('the common area of both silhouettes as a share of their whole area: 1 if they are the same'),
    colorDifference: z
      .number()
      .nonnegative()
      .describe('the mean difference of colors, as CIE 1976 ΔE: 2 is hardly visible'),
  })
  .describe('how near the smallest model is to the original, seen from twelve sides');

const factsSchema = z.strictObject({
  bytes: z.int().nonnegative().describe('the size of the file'),
  triangles: z.int().nonnegative().describe('as viewers draw them: a mesh counts once for each node that has it'),
  materials: z.int().nonnegative().describe('the number of materials'),
  textures: z
    .array(z.strictObject({ width: z.int().describe('pixels'), height: z.int().describe('pixels') }))
    .describe('every texture'),
  size: metres.describe('metres along x, y, and z'),
  base: metres.describe('the middle of the lowest side, in metres: the origin, if the model stands on it'),
});

const ruleSchema = z.strictObject({
  rule: z.string().describe('what the channel asks for'),
  limit: z.union([z.number(), z.string()]).describe('what the channel accepts'),
  value: z.union([z.number(), z.string()]).describe('what the file has'),
  passed: z.boolean().describe('whether the file keeps the rule'),
  isAdvice: z.literal(true).optional().describe('the channel accepts the file without it'),
});

/** What `renditions.json` says besides its names. */
export const renditionDetails = {
  placement: z
    .strictObject({
      sizeFrom: z
        .enum(['height', 'auto-size', 'fitted'])
        .describe('the metadata meshdrop-height, the generator, or nobody: then the longest side is one metre'),
      factor: z.number().describe('by which the lengths of the model were multiplied'),
      size: metres.describe('metres along x, y, and z'),
    })
    .optional()
    .describe('+Y is up, +Z is the front, and the middle of the lowest side is the origin'),
  files: z
    .array(z.strictObject({ ...renditionFileSchema.shape, facts: factsSchema.optional().describe('of a model') }))
    .describe('the files that could be made'),
  missing: z
    .array(
      z.strictObject({
        role: renditionNameSchema.describe('what the file would be for'),
        reason: z.string().describe('one plain sentence'),
      }),
    )
    .describe('files that could not be made'),
  certificates: z
    .array(
      z.strictObject({
        profile: profileSchema.describe('the channel'),
        of: z.union([z.literal('original'), renditionNameSchema]).describe('the file'),
        passed: z.boolean().describe('whether the file keeps all rules'),
        source: z.string().describe('where the channel publishes its rules'),
        rules: z.array(ruleSchema).describe('every rule'),
      }),
    )
    .describe('how each file keeps the rules of each channel'),
  fidelity: fidelitySchema.optional(),
  notes: z.array(z.string()).describe('what is different from the original, one plain sentence each'),
} as const;

/** The file that a channel gets, the best one first. Certificates of other files are for people to compare. */
const CHANNEL_FILES: Readonly<Record<ProfileName, readonly string[]>> = {
  khronos: ['web', 'plain'],
  shopify: ['web', 'plain'],
  amazon: ['web', 'plain'],
  ar: ['ar'],
};

interface Result {
  readonly profile: ProfileName;
  readonly of: string;
  readonly passed: boolean;
}

/** Whether the file for each channel keeps its rules. A channel without a file has no result. */
export function channelResults(certificates: readonly Result[]): Partial<Record<ProfileName, 'pass' | 'fail'>> {
  const results = Object.entries(CHANNEL_FILES).flatMap(([profile, files]) => {
    const own = files.flatMap((file) => certificates.filter((one) => one.profile === profile && one.of === file));
    return own.slice(0, 1).map(({ passed }) => [profile, passed ? 'pass' : 'fail'] as const);
  });
  return Object.fromEntries(results);
}
