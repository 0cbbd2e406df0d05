import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { missingSchema, storedAssetSchema } from '../contract/asset.ts';
import { failureSchema } from '../contract/failures.ts';
import { onDuplicateSchema } from '../contract/options.ts';
import { parametersSchema, reusedFromSchema, uploadSchema } from '../contract/schemas.ts';
import { checkStrictly, readTolerantly, schemaVersion1 } from '../platform/documents.ts';
import { DocumentUnreadableError } from '../platform/errors.ts';
import type { JsonStore } from '../platform/json-store.ts';
import { recordKey } from './keys.ts';
import { isFinalPhase, mayFollow, type FinalPhase, type Next, type Phase } from './lifecycle.ts';

/** Why Scenario refused a send. The send may have been taken anyway. */
const refusalSchema = z.strictObject({
  at: z.iso.datetime(),
  status: z.number().int(),
  own: z.boolean().describe("in Scenario's own words; otherwise a gateway may still repeat the request"),
  kind: z.enum(['busy', 'account', 'input', 'other']),
  reason: z.string(),
});

/** One attempt to pay. Its input asset is made for it alone, so a job that names the asset came from this send. */
const sendSchema = z.strictObject({
  assetId: z.string(),
  sentAt: z.iso.datetime(),
  sentBy: z.string().describe('nonce of the invocation that won the write to `sending`'),
  refusal: refusalSchema.optional(),
  noJob: z.literal(true).optional().describe('proved: the job list shows no job of it, or it never left'),
});

export type Refusal = z.infer<typeof refusalSchema>;

/** An input asset for the next send. No send has named it yet. */
const readyAssetSchema = z.strictObject({ assetId: z.string(), madeAt: z.iso.datetime() });
export type ReadyAsset = z.infer<typeof readyAssetSchema>;

const common = {
  schemaVersion: schemaVersion1,
  runId: z.string(),
  upload: uploadSchema,
  modelId: z.string().optional().describe('absent in records of before there was a second model'),
  parameters: parametersSchema.optional(),
  onDuplicate: onDuplicateSchema.optional(),
  claimedAt: z.iso.datetime().optional(),
  queuedAt: z.iso.datetime().optional().describe('when Sweep last put the upload back'),
  quote: z.number().nonnegative().optional().describe('CU, by the dry run'),
  quotedAt: z.iso.datetime().optional(),
  readyAsset: readyAssetSchema.optional(),
  releasedAt: z.iso.datetime().optional().describe('when an operator said to send again'),
  sends: z.array(sendSchema),
  attempts: z.number().int().nonnegative().describe('unexpected errors so far'),
  writtenBy: z.string().describe('write nonce: lets a writer recognise its own write'),
};

const job = {
  jobId: z.string(),
  submittedAt: z.iso.datetime().describe('when the paid request was sent'),
  acceptedAt: z.iso.datetime().optional().describe('when its job id was known here'),
  cu: z.number().nonnegative().optional().describe('what was charged'),
  jobFinishedAt: z.iso.datetime().optional(),
  looksForModel: z.int().optional().describe('how often the finished job named no 3D file'),
};

const files = {
  assets: z.array(storedAssetSchema),
  missing: z.array(missingSchema).optional().describe('files that could not be copied'),
};
const someFiles = z.object(files).partial().shape;

const ended = {
  finishedAt: z.iso.datetime(),
  announced: z.literal(true).optional().describe('the bus has taken the event of this end'),
};

/** The run's durable document, `runs/<runId>.json`. It alone decides what happened. */
export const recordSchema = z.discriminatedUnion('phase', [
  z.strictObject({ ...common, phase: z.literal('claimed') }),
  z.strictObject({ ...common, phase: z.literal('sending') }),
  z.strictObject({ ...common, ...job, ...someFiles, phase: z.literal('submitted') }),
  z.strictObject({
    ...common,
    ...job,
    ...files,
    ...ended,
    phase: z.literal('stored'),
    reusedFrom: reusedFromSchema.optional(),
  }),
  z.strictObject({
    ...common,
    ...z.object(job).partial().shape,
    ...someFiles,
    ...ended,
    phase: z.literal('failed'),
    failure: failureSchema,
  }),
  z.strictObject({ ...common, ...ended, phase: z.literal('rejected'), failure: failureSchema }),
]);

export type RunRecord = z.infer<typeof recordSchema>;
export type RecordIn<P extends Phase> = Extract<RunRecord, { phase: P }>;
export type FinalRecord = RecordIn<FinalPhase>;

export function isFinal(record: RunRecord): record is FinalRecord {
  return isFinalPhase(record.phase);
}

/** What the job of a run was charged, in compute units, as far as it is known. Scenario refunds a job that fails. */
export function chargeOf(record: FinalRecord): number | undefined {
  if (record.phase === 'rejected') return 0;
  const isRefunded = record.phase === 'failed' && ['job-failed', 'job-canceled'].includes(record.failure.code);
  return record.cu ?? (isRefunded ? 0 : undefined);
}

/** A record and its etag in S3, for the next conditional write. */
export interface Kept<R extends RunRecord = RunRecord> {
  readonly record: R;
  readonly etag: string;
}

/** `Omit` that keeps the members of a union apart. */
type Unsigned<R> = R extends unknown ? Omit<R, 'writtenBy'> : never;
export type NewRecord<P extends Phase = Phase> = Unsigned<RecordIn<P>>;

/** A run that has no record yet. */
export type Unclaimed = Omit<NewRecord<'claimed'>, 'phase'>;

export function createUnclaimed(runId: string, upload: RunRecord['upload']): Unclaimed {
  return { schemaVersion: '1.0', runId, upload, sends: [], attempts: 0 };
}

type Written<P extends Phase> = Promise<Kept<RecordIn<P>> | undefined>;

/** The records of all runs. A write returns undefined if another writer was first. Then read the record again. */
export interface RecordStore {
  /**
   * Undefined if there is none. `ageMs`: the time since it was written, by S3's own clock.
   *
   * @throws DocumentUnreadableError
   */
  read(runId: string): Promise<(Kept & { readonly ageMs: number }) | undefined>;
  create<New extends NewRecord<Next<'none'>>>(record: New): Written<New['phase']>;
  /** Writes the next phase of a run, or the same phase again. */
  replace<From extends RunRecord, New extends NewRecord<Next<From['phase']>>>(
    standing: Kept<From>,
    record: New,
  ): Written<New['phase']>;
  /** Ends a run from any phase. @throws Error if this end may not follow */
  end(standing: Kept | undefined, record: NewRecord<FinalPhase>): Written<FinalPhase>;
}

export function createRecordStore(store: JsonStore): RecordStore {
  async function read(runId: string) {
    const found = await store.read(recordKey(runId));
    if (!found) return undefined;
    const record = readTolerantly(recordSchema, found.value);
    if (record) return { record, etag: found.etag, ageMs: found.ageMs };
    throw new DocumentUnreadableError(`the record of ${runId} cannot be understood`);
  }

  async function write(standing: Kept | undefined, unsigned: NewRecord): Promise<Kept | undefined> {
    const from = standing?.record.phase ?? 'none';
    if (!mayFollow(from, unsigned.phase))
      throw new Error(`the run ${unsigned.runId} cannot go from ${from} to ${unsigned.phase}`);
    const signed = { ...unsigned, writtenBy: randomUUID() } as RunRecord;
    const record = checkStrictly(recordSchema, signed, standing?.record);
    const etag = await store.write(recordKey(record.runId), record, standing?.etag);
    if (etag !== undefined) return { record, etag };

    // The SDK's retry may have lost to its own first attempt. Then the record in S3 has our nonce.
    const now = await read(record.runId);
    return now?.record.writtenBy === record.writtenBy ? now : undefined;
  }

  // Each of them returns the phase that it wrote.
  return {
    read,
    create: (record) => write(undefined, record) as Written<never>,
    replace: (standing, record) => write(standing, record) as Written<never>,
    end: (standing, record) => write(standing, record) as Written<FinalPhase>,
  };
}
