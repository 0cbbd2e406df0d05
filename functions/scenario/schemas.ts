import * as z from 'zod';
import { ScenarioUnavailableError } from '../platform/errors.ts';
import { publishable } from '../contract/failures.ts';

/** The echo of a job's inputs. */
export interface JobInput {
  /** Absent where it can not be read. */
  readonly modelId?: string | undefined;
  readonly image?: string | undefined;
  /** All of it, as JSON: an asset's id is found in it whatever the echo's form. */
  readonly text: string;
}

/** A generation as one poll sees it. */
export interface Job {
  readonly jobId: string;
  /** Whatever is not known to be an end counts as running. */
  readonly status: 'running' | 'succeeded' | 'failed' | 'canceled';
  /** 0 to 1. */
  readonly progress: number;
  readonly assetIds: readonly string[];
  readonly error?: string | undefined;
  readonly hint?: string | undefined;
  /** Compute units charged. */
  readonly cu?: number | undefined;
  readonly createdAt?: string | undefined;
  readonly finishedAt?: string | undefined;
  /** The echo of its inputs, which tells from which request a job came. Absent where an answer leaves it out. */
  readonly input?: JobInput | undefined;
}

/** A file at Scenario. Its URL is signed: used at once, kept nowhere. */
export interface ScenarioAsset {
  readonly assetId: string;
  readonly url: string;
  readonly status: 'pending' | 'ready' | 'broken';
  /** `img23d`, `3d:texture:albedo` and the like. */
  readonly source?: string | undefined;
  /** What Scenario takes it for; its bytes tell better. */
  readonly is3d: boolean;
  readonly bytes?: number | undefined;
  readonly preview?: { readonly assetId: string } | undefined;
}

/** Ids become part of paths, keys and execution names elsewhere: nothing but these characters may come in. */
export const id = z.string().regex(/^[A-Za-z0-9_-]{1,128}$/);
const ids = z.array(z.unknown()).transform((all) => all.flatMap((one) => id.safeParse(one).data ?? []));
const text = z.string().optional().catch(undefined);
/** Of words for people: they go on to records, events and the machine's own state, which have their limits. */
const sentence = z.string().transform(publishable).optional().catch(undefined);
const amount = z.number().nonnegative().optional().catch(undefined);

export const jobShape = z.object({
  jobId: id,
  status: z.string().catch('unknown'),
  progress: z.number().catch(0).default(0),
  statusHistory: z
    .array(z.object({ status: z.string(), date: z.string() }))
    .catch([])
    .default([]),
  metadata: z
    .object({
      input: z.unknown().optional(),
      assetIds: ids.catch([]).default([]),
      error: sentence,
      hint: sentence,
    })
    .catch({ assetIds: [] })
    .default({ assetIds: [] }),
  billing: z.object({ cuCost: amount }).optional().catch(undefined),
  createdAt: text,
  updatedAt: text,
});

export const jobPageShape = z.object({ jobs: z.array(jobShape), nextPaginationToken: z.string().nullish() });

export const assetShape = z.object({
  id,
  url: z.string(),
  status: z.string().catch('success').default('success'),
  source: text,
  kind: text,
  originalFileUrl: text,
  properties: z
    .object({ size: z.number().int().positive().optional().catch(undefined) })
    .optional()
    .catch(undefined),
  preview: z.object({ assetId: id }).optional().catch(undefined),
  thumbnail: z.object({ assetId: id }).optional().catch(undefined),
});

export const uploadShape = z.object({
  id,
  status: z.string(),
  entityId: id.nullish(),
  errorMessage: z.string().nullish(),
  parts: z.array(z.object({ number: z.number().int().positive(), url: z.url() })).optional(),
});

export const costShape = z.object({
  creativeUnitsCost: amount,
  estimatedCost: amount,
  job: z.object({ jobId: text }).optional().catch(undefined),
});

/** Guides and reality disagree about the words, so all of them are known. */
const ENDS: ReadonlyMap<string, Job['status']> = new Map([
  ['success', 'succeeded'],
  ['succeeded', 'succeeded'],
  ['failure', 'failed'],
  ['failed', 'failed'],
  ['canceled', 'canceled'],
  ['cancelled', 'canceled'],
]);

export function toJob(row: z.infer<typeof jobShape>): Job {
  const status = ENDS.get(row.status) ?? 'running';
  return {
    jobId: row.jobId,
    status,
    progress: Math.min(1, Math.max(0, row.progress > 2 ? row.progress / 100 : row.progress)),
    assetIds: row.metadata.assetIds,
    error: row.metadata.error,
    hint: row.metadata.hint,
    cu: row.billing?.cuCost,
    createdAt: row.createdAt,
    finishedAt: status === 'running' ? undefined : isoDate(row.statusHistory.at(-1)?.date ?? row.updatedAt),
    input: inputIn(row.metadata.input),
  };
}

const inputShape = z.object({ modelId: text, image: text });

function inputIn(echo: unknown): JobInput | undefined {
  if (echo === undefined || echo === null) return undefined;
  const said = textOf(echo);
  return said === undefined ? undefined : { ...inputShape.safeParse(echo).data, text: said };
}

/** Undefined when it is nested too deep to be written. */
function textOf(echo: unknown): string | undefined {
  try {
    return JSON.stringify(echo);
  } catch {
    return undefined;
  }
}

function isoDate(said: string | undefined): string | undefined {
  const time = Date.parse(said ?? '');
  const iso = Number.isNaN(time) ? '' : new Date(time).toISOString();
  // Years beyond 9999 are written in a way that nobody else reads.
  return /^\d{4}-/.test(iso) ? iso : undefined;
}

export function toAsset(shape: z.infer<typeof assetShape>): ScenarioAsset {
  return {
    assetId: shape.id,
    url: shape.originalFileUrl ?? shape.url,
    status: shape.status === 'pending' ? 'pending' : shape.status === 'error' ? 'broken' : 'ready',
    source: shape.source,
    is3d: shape.kind === '3d',
    bytes: shape.originalFileUrl === undefined ? shape.properties?.size : undefined,
    preview: shape.preview ?? shape.thumbnail,
  };
}

/** @throws ScenarioUnavailableError when the answer is not of the documented shape: worth another look later */
export function read<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join('.');
  throw new ScenarioUnavailableError(
    `Scenario's answer can not be read: ${where ? `${where} is wrong` : 'no JSON object'}`,
  );
}
