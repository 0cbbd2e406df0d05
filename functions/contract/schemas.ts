import * as z from 'zod';
import { assetSchema, missingSchema, storedAssetSchema } from './asset.ts';
import { failureSchema } from './failures.ts';
import { fidelitySchema, renditionDetails, renditionFileSchema, renditionSourceSchema } from './renditions.ts';

/**
 * The version of the manifest and the events. Tests compare changes with docs/events/released. docs/events.md has the
 * rules.
 */
export const schemaVersion = '1.0';

/** One image in the upload bucket, as S3 announced it. EventBridge doesn't encode the key. */
export const uploadSchema = z.strictObject({
  bucket: z.string().describe('where the image is'),
  key: z.string().describe('as the image was uploaded, not encoded'),
  versionId: z.string().optional().describe('absent if the bucket has no versioning'),
  bytes: z.int().nonnegative().optional().describe('the size of the image'),
  sha256: z.string().optional().describe('hex, of the image'),
  contentType: z.string().optional().describe('by the bytes of the image'),
  width: z.int().positive().optional().describe('pixels, as stored, before any rotation'),
  height: z.int().positive().optional().describe('pixels, as stored, before any rotation'),
  metadata: z
    .record(z.string(), z.string())
    .optional()
    .describe("the upload's own metadata, as far as the setting carryMetadata names it"),
});

const runIdSchema = z.string().describe('the run; also the name of its execution');
const versionSchema = z.literal(schemaVersion).describe('of the contract: major.minor');

export type Upload = z.infer<typeof uploadSchema>;

/** Every input of a model except the image, under the model's own names. */
export const parametersSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
export type Parameters = Readonly<z.infer<typeof parametersSchema>>;

const modelSchema = z.strictObject({
  id: z.string().describe('at Scenario'),
  parameters: parametersSchema.optional().describe('all that was sent; absent if they could not be resolved'),
});

const jobSchema = z.strictObject({
  jobId: z.string().describe('at Scenario'),
  cu: z.number().nonnegative().optional().describe('compute units charged'),
  submittedAt: z.iso.datetime().optional().describe('when the paid request was sent'),
  finishedAt: z.iso.datetime().optional().describe("when the job ended, by Scenario's clock"),
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
  schemaVersion: versionSchema,
  status: z.enum(['stored', 'failed', 'rejected']).describe('how the run ended'),
  runId: runIdSchema,
  finishedAt: z.iso.datetime().describe('when the run ended'),
  failure: failureSchema.optional().describe('why there is no model'),
  upload: uploadSchema.describe('the image'),
  model: modelSchema.describe('the model at Scenario that was asked for'),
  quote: z.number().nonnegative().optional().describe('compute units that Scenario quoted; job.cu is the charge'),
  job: jobSchema.optional().describe('the paid job; absent if there was none'),
  timings: timingsSchema.optional().describe('the time of each step'),
  reusedFrom: reusedFromSchema.optional(),
  assets: z.array(storedAssetSchema).describe('the files that were kept'),
  missing: z.array(missingSchema).optional().describe('files that could not be copied'),
});

export type Manifest = z.infer<typeof manifestSchema>;

export const eventSource = 'meshdrop';

const metadata = z
  .strictObject({
    schemaVersion: versionSchema,
    eventId: z
      .string()
      .describe('hex SHA-256 of runId, a line feed and the detail-type: stable, use it to drop repeats'),
    occurredAt: z.iso.datetime().describe('when the run ended'),
    runId: runIdSchema,
  })
  .describe('the event itself');

const about = {
  upload: uploadSchema.describe('the image'),
  model: modelSchema.describe('the model at Scenario that was asked for'),
  manifest: z
    .strictObject({ bucket: z.string().describe('the asset bucket'), key: z.string().describe('of the manifest') })
    .describe('the document beside the files, with more details'),
};

/** Absent if there is no file for the channel. */
const resultSchema = z.enum(['pass', 'fail']).optional();

/** The `detail` of each event, by its detail-type. event-reader.ts has the same shapes for consumers. */
export const eventSchemas = {
  'Model Stored': z.strictObject({
    metadata,
    data: z.strictObject({
      ...about,
      job: jobSchema.describe('the job that made the model'),
      assets: z.array(assetSchema).describe('the files, the models among them'),
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
    data: z.strictObject({
      ...about,
      job: jobSchema.optional().describe('the paid job; absent if there was none'),
      failure: failureSchema.describe('why there is no model'),
    }),
  }),
  'Upload Rejected': z.strictObject({
    metadata,
    data: z.strictObject({ ...about, failure: failureSchema.describe('why the upload cannot be used') }),
  }),
  'Renditions Stored': z.strictObject({
    metadata: metadata
      .extend({
        eventId: z
          .string()
          .describe('hex SHA-256 of runId, the detail-type, and settingsHash, each on a line: use it to drop repeats'),
        occurredAt: z.iso.datetime().describe('when the files were made'),
      })
      .describe('the event itself'),
    data: z.strictObject({
      ...about,
      source: renditionSourceSchema,
      files: z.array(renditionFileSchema).describe('the files that could be made'),
      certificates: z
        .strictObject({
          khronos: resultSchema.describe('Khronos 3D Commerce, of `web`'),
          shopify: resultSchema.describe('of `web`'),
          amazon: resultSchema.describe('of `web`'),
          ar: resultSchema.describe('AR on phones, of `ar`'),
        })
        .describe('by channel: whether the file for it keeps the rules'),
      fidelity: fidelitySchema.optional(),
      renditions: z
        .strictObject({
          bucket: z.string().describe('the asset bucket'),
          key: z.string().describe('of renditions.json'),
        })
        .describe('the document with every rule, and with the reason for every file that is missing'),
    }),
  }),
} as const;

/** The document beside the renditions, for people and programs. */
export const renditionsSchema = z.strictObject({
  schemaVersion: versionSchema,
  runId: runIdSchema,
  finishedAt: z.iso.datetime().describe('when the files were made'),
  settingsHash: z.string().describe('hex SHA-256 of the settings that the files depend on'),
  source: renditionSourceSchema,
  ...renditionDetails,
});

export type Renditions = z.infer<typeof renditionsSchema>;

export type DetailType = keyof typeof eventSchemas;

export type MeshdropEvent = {
  [Type in DetailType]: { readonly detailType: Type; readonly detail: z.infer<(typeof eventSchemas)[Type]> };
}[DetailType];
