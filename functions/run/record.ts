import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { missingSchema, storedAssetSchema } from '../contract/asset.ts';
import { failureSchema } from '../contract/failures.ts';
import type { JsonObjects } from '../platform/json-store.ts';
import { recordKey, uploadSchema } from './upload.ts';
import { parametersSchema } from '../models/tripo-3-1.ts';

/** One attempt to pay: the input asset is made for it alone, so a job that names it came from it. */
const sendSchema = z.strictObject({
  assetId: z.string(),
  sentAt: z.iso.datetime(),
  sentBy: z.string().describe('nonce of the invocation that won the write to `sending`'),
  noJob: z.literal(true).optional().describe('certain: refused by Scenario, or never sent'),
});

const common = {
  schemaVersion: z.literal('1.0'),
  runId: z.string(),
  upload: uploadSchema,
  parameters: parametersSchema.optional(),
  claimedAt: z.iso.datetime().optional(),
  quote: z.number().nonnegative().optional().describe('CU, by the dry run'),
  quotedAt: z.iso.datetime().optional(),
  sends: z.array(sendSchema),
  attempts: z.number().int().nonnegative().describe('unexpected errors so far'),
  writtenBy: z.string().describe('nonce of this write, by which a writer knows its own again'),
};

const job = {
  jobId: z.string(),
  submittedAt: z.iso.datetime().describe('when the paid request left'),
  acceptedAt: z.iso.datetime().optional().describe('when its job id was known here'),
  cu: z.number().nonnegative().optional().describe('what was charged'),
  jobFinishedAt: z.iso.datetime().optional(),
};

export const reusedFrom = z
  .string()
  .describe('the run that made the model of the same image; this one cost nothing');

const ended = {
  finishedAt: z.iso.datetime(),
  announced: z.literal(true).optional().describe('the event of this answer was taken by the bus'),
};

const files = {
  assets: z.array(storedAssetSchema),
  missing: z.array(missingSchema).optional().describe('left out: they could not be had'),
};

const partialJob = z.object(job).partial().shape;

/** The run's durable document, `runs/<runId>.json`. The only judge of what happened. */
export const recordSchema = z.discriminatedUnion('phase', [
  z.strictObject({ ...common, phase: z.literal('claimed') }),
  z.strictObject({ ...common, phase: z.literal('sending') }),
  z.strictObject({ ...common, ...job, phase: z.literal('submitted') }),
  z.strictObject({
    ...common,
    ...job,
    phase: z.literal('stored'),
    ...ended,
    ...files,
    reusedFrom: reusedFrom.optional(),
  }),
  z.strictObject({
    ...common,
    ...partialJob,
    phase: z.literal('failed'),
    ...ended,
    failure: failureSchema,
    ...z.object(files).partial().shape,
  }),
  z.strictObject({ ...common, phase: z.literal('rejected'), ...ended, failure: failureSchema }),
]);

export type RunRecord = z.infer<typeof recordSchema>;
export type Phase = RunRecord['phase'];
export type RecordIn<P extends Phase> = Extract<RunRecord, { phase: P }>;
export type FinalRecord = RecordIn<'stored' | 'failed' | 'rejected'>;

export function isFinal(record: RunRecord): record is FinalRecord {
  return record.phase === 'stored' || record.phase === 'failed' || record.phase === 'rejected';
}

/** A record as it lies in S3, with what the next conditional write needs. */
export interface Kept<R extends RunRecord = RunRecord> {
  readonly record: R;
  readonly etag: string;
}

/** `Omit` that keeps a union's members apart. */
type Unsigned<R> = R extends unknown ? Omit<R, 'writtenBy'> : never;
export type NewRecord = Unsigned<RunRecord>;

export interface Records {
  /** Undefined when there is none. `ageMs`: how long ago it was written, by S3's own clock. */
  read(runId: string): Promise<(Kept & { readonly ageMs: number }) | undefined>;
  /**
   * Creates the record, or replaces the one that was read.
   *
   * @returns the record as written, or undefined when somebody else was first: read it again
   */
  write(record: NewRecord, replacing: Kept | undefined): Promise<Kept | undefined>;
}

export function createRecords(objects: JsonObjects): Records {
  async function read(runId: string) {
    const found = await objects.read(recordKey(runId));
    if (!found) return undefined;
    return { record: recordSchema.parse(found.value), etag: found.etag, ageMs: found.ageMs };
  }

  async function write(unsigned: NewRecord, replacing: Kept | undefined): Promise<Kept | undefined> {
    const record = recordSchema.parse({ ...unsigned, writtenBy: randomUUID() });
    const etag = await objects.write(recordKey(record.runId), record, replacing?.etag);
    if (etag !== undefined) return { record, etag };

    // The SDK may have met its own first try: then the record that stands there carries our nonce.
    const standing = await read(record.runId);
    return standing?.record.writtenBy === record.writtenBy ? standing : undefined;
  }

  return { read, write };
}
