import * as z from 'zod';
import { missingSchema, storedAssetSchema } from '../contract/asset.ts';
import { failureSchema } from '../contract/failures.ts';
import { type FinalRecord, type RecordIn, reusedFrom } from './record.ts';
import { uploadSchema } from './upload.ts';
import { modelId, parametersSchema } from '../models/tripo-3-1.ts';

/** Of the manifest and the events. A change is checked against docs/events/released; docs/events.md has the rules. */
export const schemaVersion = '1.0';

export const modelSchema = z.strictObject({
  id: z.string(),
  parameters: parametersSchema
    .optional()
    .describe('all that was sent; absent when they could not be resolved'),
});

export const jobSchema = z.strictObject({
  jobId: z.string(),
  cu: z.number().nonnegative().optional().describe('compute units charged'),
  submittedAt: z.iso.datetime().optional(),
  finishedAt: z.iso.datetime().optional(),
});

/** The way of one run, in its order. What did not happen, or is not known, is left out. */
const timingsSchema = z.strictObject({
  claimedAt: z.iso.datetime().optional().describe('the image was read and found good'),
  quotedAt: z.iso.datetime().optional().describe('Scenario named the price'),
  submittedAt: z.iso.datetime().optional().describe('the paid request left'),
  acceptedAt: z.iso.datetime().optional().describe('the job id was known'),
  jobFinishedAt: z.iso.datetime().optional().describe('the job ended, by the clock of Scenario'),
  finishedAt: z.iso.datetime().describe('the run ended: its files are stored, or it has failed'),
});

/** The final document beside the assets: the record's projection for people and programs. */
export const manifestSchema = z.strictObject({
  schemaVersion: z.literal(schemaVersion),
  status: z.enum(['stored', 'failed', 'rejected']),
  runId: z.string(),
  finishedAt: z.iso.datetime(),
  failure: failureSchema.optional(),
  upload: uploadSchema,
  model: modelSchema,
  quote: z
    .number()
    .nonnegative()
    .optional()
    .describe('compute units that Scenario asked; job.cu is the charge'),
  job: jobSchema.optional(),
  timings: timingsSchema.optional(),
  reusedFrom: reusedFrom.optional(),
  assets: z.array(storedAssetSchema),
  missing: z
    .array(missingSchema)
    .optional()
    .describe('files that could not be had; there is a model all the same'),
});

export type Manifest = z.infer<typeof manifestSchema>;

/** Of an ended record, whatever it may know. */
type Known = Partial<Omit<RecordIn<'stored'>, 'phase'> & Pick<RecordIn<'failed'>, 'failure'>>;

/** People read it: small, what happened before the details and the long list of files last. */
export function manifestOf(record: FinalRecord): Manifest {
  const { runId, finishedAt, upload, parameters, quote, claimedAt, quotedAt } = record;
  const { failure, jobId, cu, submittedAt, acceptedAt, jobFinishedAt, reusedFrom }: Known = record;
  const { assets = [], missing }: Known = record;
  // A reused job ran for another run, so its times are none of this one's.
  const times = reusedFrom === undefined && { submittedAt, acceptedAt, jobFinishedAt };
  const manifest = {
    schemaVersion,
    status: record.phase,
    runId,
    finishedAt,
    failure,
    upload,
    model: { id: modelId, parameters },
    quote,
    job: jobId && { jobId, cu, submittedAt, finishedAt: jobFinishedAt },
    timings: { claimedAt, quotedAt, ...times, finishedAt },
    reusedFrom,
    assets,
    missing,
  };
  // Through JSON, in which what is undefined is left out, and which is what it is compared with in S3.
  return manifestSchema.parse(JSON.parse(JSON.stringify(manifest)));
}
