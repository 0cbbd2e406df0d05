import * as z from 'zod';
import { type Failure, redact } from '../contract/failures.ts';
import { ScenarioUnavailableError } from './errors.ts';

/** IDs become part of paths, keys and execution names, so other characters are refused. */
export const id = z.string().regex(/^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}$/);

/** Reads a missing or invalid value as undefined. */
export function ifValid<Schema extends z.ZodType>(schema: Schema) {
  return schema.optional().catch(undefined);
}

/** The IDs of assets: a list, or one, of texts or of objects. Those that cannot be used are kept apart, to be named. */
const assetIds = z.unknown().transform((value) => {
  const all = [value ?? []].flat().map((one) => idIn(one));
  return {
    assetIds: all.flatMap((one) => id.safeParse(one).data ?? []),
    refusedIds: all.filter((one) => !id.safeParse(one).success).map((one) => (JSON.stringify(one) ?? '').slice(0, 100)),
  };
});

function idIn(value: unknown): unknown {
  return z.union([z.object({ id: z.unknown() }), z.object({ assetId: z.unknown() })]).safeParse(value).success
    ? ((value as { id?: unknown }).id ?? (value as { assetId?: unknown }).assetId)
    : value;
}

export const text = ifValid(z.string());
/** Text for people. Its length is limited because records, events and the machine's state contain it. */
const sentence = ifValid(z.string().transform(redact));
const amount = ifValid(z.number().nonnegative());

/** A time without a zone is UTC. Other programs can't read years beyond 9999. */
const time = ifValid(
  z
    .string()
    .transform((date) => (/T[\d:.]+$/.test(date) ? `${date}Z` : date))
    .pipe(z.coerce.date<string>().min(new Date(0)).max(new Date('9999-12-31'))),
);

/** The documentation and the live API use different words, and case does not count. */
const STATUS_WORDS = {
  succeeded: ['success', 'succeeded', 'successful', 'complete', 'completed', 'done', 'finished', 'ok'],
  failed: ['failure', 'failed', 'fail', 'error', 'errored', 'timeout', 'timed-out', 'expired', 'rejected'],
  canceled: ['canceled', 'cancelled', 'aborted', 'stopped', 'terminated'],
  running: [
    'queued',
    'pending',
    'created',
    'waiting',
    'warming-up',
    'starting',
    'started',
    'running',
    'processing',
    'in-progress',
    'finalizing',
    'retrying',
  ],
} as const;

/** Any other word means that the job is running, as far as anybody knows. */
function readStatus(word: string | undefined): {
  readonly status: keyof typeof STATUS_WORDS;
  readonly isNew: boolean;
} {
  const plain =
    word
      ?.trim()
      .toLowerCase()
      .replaceAll(/[_\s]+/g, '-') ?? '';
  const [status] = Object.entries(STATUS_WORDS).find(([, words]) => words.some((one) => one === plain)) ?? [];
  return {
    status: (status as keyof typeof STATUS_WORDS | undefined) ?? 'running',
    isNew: plain !== '' && status === undefined,
  };
}

export const jobStatus = z.enum(['running', 'succeeded', 'failed', 'canceled']);

const input = z.unknown().transform(readInput).optional();

/** A generation, as one poll returns it. */
export const jobShape = z
  .object({
    jobId: id,
    status: text,
    progress: z.number().catch(0),
    statusHistory: z.array(z.object({ date: time })).catch([]),
    metadata: z.object({ input, assetIds: assetIds.optional(), error: sentence, hint: sentence }).catch({}),
    billing: ifValid(z.object({ cuCost: amount, disableRefund: ifValid(z.boolean()) })),
    createdAt: time,
    updatedAt: time,
  })
  .transform(({ status: word, metadata: { assetIds: named, ...metadata }, ...job }) => ({
    ...job,
    ...metadata,
    ...(named ?? { assetIds: [], refusedIds: [] }),
    ...readStatus(word),
  }))
  .transform(({ isNew, status, progress, statusHistory, billing, ...job }) => ({
    jobId: job.jobId,
    input: job.input,
    assetIds: job.assetIds,
    refusedIds: job.refusedIds,
    error: job.error,
    hint: job.hint,
    status,
    /** Scenario's word for the status is new to us, but the job has files. */
    mayBeDone: isNew && job.assetIds.length > 0,
    /** 0 to 1. Some answers use 0 to 100. */
    progress: Math.min(1, Math.max(0, progress > 2 ? progress / 100 : progress)),
    /** Compute units charged. Scenario refunds a job without a result, unless it says otherwise. */
    cu: billing && ['failed', 'canceled'].includes(status) && !billing.disableRefund ? 0 : billing?.cuCost,
    createdAt: job.createdAt?.toISOString(),
    finishedAt: status === 'running' ? undefined : (statusHistory.at(-1)?.date ?? job.updatedAt)?.toISOString(),
  }));

export type Job = z.infer<typeof jobShape>;

/** A row of the job list: a job, or the JSON text of what cannot be read as one. */
export type JobRow = Job | string;

const jobRow = z.unknown().transform((row): JobRow => jobShape.safeParse(row).data ?? JSON.stringify(row));

export const jobPageShape = z.object({ jobs: z.array(jobRow), nextPaginationToken: z.string().nullish() });

/** A file at Scenario. */
export const assetShape = z
  .object({
    id,
    url: z.string(),
    status: z.enum(['pending', 'error', 'success']).catch('success'),
    /** For example `img23d` or `3d:texture:albedo`. */
    source: text,
    kind: text,
    originalFileUrl: text,
    metadata: ifValid(z.object({ parentId: text, rootParentId: text })),
    properties: ifValid(z.object({ size: z.number().int().positive() })),
    preview: ifValid(z.object({ assetId: id, url: text })),
    thumbnail: ifValid(z.object({ assetId: id })),
  })
  .transform(({ id: assetId, url, kind, originalFileUrl, metadata, properties, thumbnail, ...asset }) => ({
    ...asset,
    assetId,
    /** Signed and short-lived: use them immediately and don't store them. The first is the best. */
    urls: originalFileUrl === undefined || originalFileUrl === url ? [url] : [originalFileUrl, url],
    /** What Scenario says. The bytes of the file are better evidence. */
    is3d: kind?.toLowerCase() === '3d',
    isImage: kind?.toLowerCase() === 'image',
    bytes: originalFileUrl === undefined ? properties?.size : undefined,
    preview: asset.preview ?? (thumbnail && { ...thumbnail, url: undefined }),
    /** The assets that it was made from. */
    origins: [metadata?.parentId, metadata?.rootParentId].filter((one) => one !== undefined),
  }));

export type ScenarioAsset = z.infer<typeof assetShape>;

export const uploadShape = z.object({
  id,
  status: z.string(),
  entityId: id.nullish(),
  errorMessage: z.string().nullish(),
  parts: z.array(z.object({ number: z.number().int().positive(), url: z.url() })).default([]),
});

export const costShape = z.object({
  creativeUnitsCost: amount,
  estimatedCost: amount,
  job: ifValid(z.object({ jobId: text })),
});

/** The inputs of a job, as Scenario repeats them. */
interface JobInput {
  /** Undefined if it can't be read. */
  readonly modelId?: string | undefined;
  /** By name. Empty if they can't be read. */
  readonly values: Readonly<Record<string, unknown>>;
  /** All inputs as JSON. A search for an asset's ID works even if their structure changes. */
  readonly text: string;
}

const inputShape = z.record(z.string(), z.unknown()).catch({});

/** Returns undefined if there are no inputs, or if they are nested too deeply for JSON.stringify. */
function readInput(inputs: unknown): JobInput | undefined {
  if (inputs === undefined || inputs === null) return undefined;
  const values = inputShape.parse(inputs);
  try {
    return { modelId: text.parse(values['modelId']), values, text: JSON.stringify(inputs) };
  } catch {
    return undefined;
  }
}

/** @throws ScenarioUnavailableError if the answer doesn't have the documented shape, which a retry may fix */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join('.') || 'the top';
  throw new ScenarioUnavailableError(`Scenario's answer isn't valid at ${where}`);
}

/** Returns why a job ended without a model, or undefined if it succeeded or is still running. */
export function jobFailure({ status, error, hint }: Job): Failure | undefined {
  if (status === 'canceled') return { code: 'job-canceled', reason: 'the job was canceled at Scenario' };
  if (status !== 'failed') return undefined;
  return { code: 'job-failed', reason: error || 'the job failed at Scenario without a reason', hint };
}
