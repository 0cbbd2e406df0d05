import * as z from 'zod';
import { assetSchema, missingSchema, storedAssetSchema } from './asset.ts';
import { failureSchema } from './failures.ts';

/**
 * The version of the manifest and the events. Tests compare changes with docs/events/released. docs/events.md has the
 * rules.
 */
export const schemaVersion = '1.0';

/** One image in the upload bucket, as S3 announced it. EventBridge doesn't encode the key. */
export const uploadSchema = z.strictObject({
  bucket: z.string(),
  key: z.string(),
  versionId: z.string().optional().describe('absent if the bucket has no versioning'),
  bytes: z.int().nonnegative().optional(),
  sha256: z.string().optional().describe('hex, of the image'),
  contentType: z.string().optional().describe('by the bytes of the image'),
  width: z.int().positive().optional().describe('pixels, as stored, before any rotation'),
  height: z.int().positive().optional().describe('pixels, as stored, before any rotation'),
  metadata: z
    .record(z.string(), z.string())
    .optional()
    .describe("the upload's own metadata, as far as the setting carryMetadata names it"),
});

export type Upload = z.infer<typeof uploadSchema>;

/** Every input of a model except the image, under the model's own names. */
export const parametersSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
export type Parameters = Readonly<z.infer<typeof parametersSchema>>;

const modelSchema = z.strictObject({
  id: z.string().describe('at Scenario'),
  parameters: parametersSchema.optional().describe('all that was sent; absent if they could not be resolved'),
});

const jobSchema = z.strictObject({
  jobId: z.string(),
  cu: z.number().nonnegative().optional().describe('compute units charged'),
  submittedAt: z.iso.datetime().optional(),
  finishedAt: z.iso.datetime().optional(),
});

/** The steps of one run, in order. A step is absent if it didn't happen or its time is unknown. */
const timingsSchema = z.strictObject({
  claimedAt: z.iso.datetime().optional().describe('the image was read and accepted'),
  quotedAt: z.iso.datetime().optional().describe('Scenario named the price'),
  submittedAt: z.iso.datetime().optional().describe('the paid request was sent'),
  acceptedAt: z.iso.datetime().optional().describe('the job id was known'),
  jobFinishedAt: z.iso.datetime().optional().describe("the job ended, by Scenario's clock"),
  finishedAt: z.iso.datetime().describe('the run ended: its files are stored, or it failed'),
});

export const reusedFromSchema = z
  .string()
  .describe('the run that made the model of the same image; this one cost nothing');

/** The final document beside the assets. It is made from the record, for people and programs. */
export const manifestSchema = z.strictObject({
  schemaVersion: z.literal(schemaVersion),
  status: z.enum(['stored', 'failed', 'rejected']),
  runId: z.string(),
  finishedAt: z.iso.datetime(),
  failure: failureSchema.optional(),
  upload: uploadSchema,
  model: modelSchema,
  quote: z.number().nonnegative().optional().describe('compute units that Scenario quoted; job.cu is the charge'),
  job: jobSchema.optional(),
  timings: timingsSchema.optional(),
  reusedFrom: reusedFromSchema.optional(),
  assets: z.array(storedAssetSchema),
  missing: z.array(missingSchema).optional().describe('files that could not be copied'),
});

export type Manifest = z.infer<typeof manifestSchema>;

export const eventSource = 'meshdrop';

const metadata = z.strictObject({
  schemaVersion: z.literal(schemaVersion),
  eventId: z.string().describe('hex SHA-256 of runId, a line feed and the detail-type: stable, use it to drop repeats'),
  occurredAt: z.iso.datetime(),
  runId: z.string(),
});

const about = {
  upload: uploadSchema,
  model: modelSchema,
  manifest: z.strictObject({ bucket: z.string(), key: z.string() }),
};

/** The `detail` of each event, by its detail-type. event-reader.ts has the same shapes for consumers. */
export const eventSchemas = {
  'Model Stored': z.strictObject({
    metadata,
    data: z.strictObject({
      ...about,
      job: jobSchema,
      assets: z.array(assetSchema),
      assetCount: z
        .int()
        .positive()
        .optional()
        .describe('only if there are too many files for an event: `assets` is empty then, and the manifest has them'),
      reusedFrom: reusedFromSchema.optional(),
    }),
  }),
  'Model Failed': z.strictObject({
    metadata,
    data: z.strictObject({ ...about, job: jobSchema.optional(), failure: failureSchema }),
  }),
  'Upload Rejected': z.strictObject({ metadata, data: z.strictObject({ ...about, failure: failureSchema }) }),
} as const;

export type DetailType = keyof typeof eventSchemas;

export type MeshdropEvent = {
  [Type in DetailType]: { readonly detailType: Type; readonly detail: z.infer<(typeof eventSchemas)[Type]> };
}[DetailType];
