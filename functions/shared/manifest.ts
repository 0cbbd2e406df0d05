import * as z from 'zod';
import { type Asset, assetSchema } from './asset.ts';
import { type Failure, failureSchema } from './failure.ts';
import { type FinalRecord, reusedFrom } from './record.ts';
import { type Upload, uploadSchema } from './run.ts';
import { modelId, parametersSchema } from './tripo.ts';

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

/** The final document beside the assets: the record's projection for people and programs. */
export const manifestSchema = z.strictObject({
  schemaVersion: z.literal('1.0'),
  status: z.enum(['stored', 'failed', 'rejected']),
  runId: z.string(),
  finishedAt: z.iso.datetime(),
  upload: uploadSchema,
  model: modelSchema,
  job: jobSchema.optional(),
  assets: z.array(assetSchema),
  reusedFrom: reusedFrom.optional(),
  failure: failureSchema.optional(),
});

export type Manifest = z.infer<typeof manifestSchema>;

/** What the manifest and the event say alike. */
export interface AnswerParts {
  readonly upload: Upload;
  readonly model: z.infer<typeof modelSchema>;
  readonly job?: z.infer<typeof jobSchema>;
  readonly assets: readonly Asset[];
  readonly reusedFrom?: string;
  readonly failure?: Failure;
}

export function partsOf(record: FinalRecord): AnswerParts {
  return {
    upload: record.upload,
    model: { id: modelId, ...(record.parameters && { parameters: record.parameters }) },
    ...jobOf(record),
    assets: record.phase === 'rejected' ? [] : (record.assets ?? []),
    ...(record.phase === 'stored' && record.reusedFrom !== undefined && { reusedFrom: record.reusedFrom }),
    ...(record.phase !== 'stored' && { failure: record.failure }),
  };
}

function jobOf(record: FinalRecord): Pick<AnswerParts, 'job'> {
  if (record.phase === 'rejected' || record.jobId === undefined) return {};
  const { jobId, cu, submittedAt, jobFinishedAt } = record;
  return {
    job: {
      jobId,
      ...(cu !== undefined && { cu }),
      ...(submittedAt !== undefined && { submittedAt }),
      ...(jobFinishedAt !== undefined && { finishedAt: jobFinishedAt }),
    },
  };
}

export function manifestOf(record: FinalRecord): Manifest {
  const { assets, failure, ...parts } = partsOf(record);
  return {
    schemaVersion: '1.0',
    status: record.phase,
    runId: record.runId,
    finishedAt: record.finishedAt,
    ...parts,
    assets: [...assets],
    ...(failure && { failure }),
  };
}
