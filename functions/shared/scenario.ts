import * as z from 'zod';
import {
  ScenarioAccountError,
  ScenarioInputError,
  ScenarioNotFoundError,
  ScenarioUnavailableError,
  SubmissionUncertainError,
} from './errors.ts';
import { callFree, callPaid, type HttpTools } from './scenario-http.ts';
import { type ModelInput, modelId } from './tripo.ts';

/** An image on its way to Scenario. */
interface Image {
  readonly bytes: Uint8Array;
  readonly name: string;
  readonly contentType: string;
}

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
  readonly bytes?: number | undefined;
  readonly preview?: { readonly assetId: string } | undefined;
}

/** The Scenario API, as far as a generation needs it. */
export interface Scenario {
  /** Makes a fresh input asset and returns its id. Free; a repetition only leaves clutter. */
  uploadImage(image: Image): Promise<string>;
  /** What the job would cost, in compute units. Free. */
  quote(input: ModelInput): Promise<number>;
  /**
   * Starts the job and returns its id. **Costs money, can not be cancelled, is never repeated.**
   *
   * @throws SubmissionUncertainError when it may have been taken all the same
   */
  generate(input: ModelInput): Promise<string>;
  /** @throws ScenarioNotFoundError */
  job(jobId: string): Promise<Job>;
  /** Model jobs, newest first, back to this time (milliseconds since 1970). */
  jobsSince(time: number): AsyncGenerator<Job>;
  /** @throws ScenarioNotFoundError */
  asset(assetId: string): Promise<ScenarioAsset>;
}

/** Scenario documents images below this for the one-call upload. */
const INLINE_LIMIT = 6_000_000;

export function createScenario(tools: HttpTools): Scenario {
  const get = async (path: string) => (await callFree({ method: 'GET', path }, tools)).body;
  return {
    uploadImage: (image) =>
      image.bytes.length < INLINE_LIMIT ? uploadInline(image, tools) : uploadInParts(image, tools),
    quote: (input) => quote(input, tools),
    generate: (input) => generate(input, tools),
    job: async (jobId) =>
      toJob(read(z.object({ job: jobShape }), await get(`/jobs/${encodeURIComponent(jobId)}`)).job),
    jobsSince: (time) => jobsSince(time, get),
    asset: async (assetId) => {
      const body = await get(`/assets/${encodeURIComponent(assetId)}?originalAssets=true`);
      return toAsset(read(z.object({ asset: assetShape }), body).asset);
    },
  };
}

async function uploadInline({ name, bytes }: Image, tools: HttpTools): Promise<string> {
  const body = { name, image: Buffer.from(bytes).toString('base64') };
  const answer = await atKnownAddress(callFree({ method: 'POST', path: '/assets', body }, tools));
  return read(z.object({ asset: z.object({ id }) }), answer.body).asset.id;
}

/** A 404 where nothing is named is about the address of the API, not about an image. */
async function atKnownAddress<T>(call: Promise<T>): Promise<T> {
  return await call.catch((cause: unknown) => {
    throw cause instanceof ScenarioNotFoundError ? new ScenarioAccountError(cause.message, { cause }) : cause;
  });
}

const PART_BYTES = 8_000_000;
const IMPORT_POLL_MS = 2_000;
/** Imports were seen to take 2 to 32 s; a corrupt file may hang there for ever. */
const IMPORT_DEADLINE_MS = 90_000;
const PART_TIMEOUT_MS = 30_000;

/** The multipart flow: announce, put the parts, complete, wait until the asset is there. */
async function uploadInParts({ name, bytes, contentType }: Image, tools: HttpTools): Promise<string> {
  const parts = Math.ceil(bytes.length / PART_BYTES);
  const body = { fileName: name, contentType, fileSize: bytes.length, kind: 'image', parts };
  const started = await atKnownAddress(callFree({ method: 'POST', path: '/uploads', body }, tools));
  const { upload } = read(z.object({ upload: uploadShape }), started.body);
  for (const part of upload.parts ?? []) {
    const from = (part.number - 1) * PART_BYTES;
    await putPart(part.url, bytes.subarray(from, from + PART_BYTES), tools);
  }
  const path = `/uploads/${encodeURIComponent(upload.id)}`;
  await callFree({ method: 'POST', path: `${path}/action`, body: { action: 'complete' } }, tools);
  return await imported(path, tools);
}

/** Part URLs are signed: no credentials, and no checksum headers, which would break the signature. */
async function putPart(url: string, bytes: Uint8Array, tools: HttpTools): Promise<void> {
  const { protocol, host } = new URL(url);
  if (protocol !== 'https:' && host !== new URL(tools.url).host)
    throw new Error(`Scenario named a part URL without https, on ${host}`);
  const sent = {
    method: 'PUT',
    body: Buffer.from(bytes),
    redirect: 'error',
    signal: AbortSignal.timeout(PART_TIMEOUT_MS),
  } as const;
  const response = await tools.fetch(url, sent).catch(() => undefined);
  await response?.body?.cancel();
  if (!response?.ok)
    throw new ScenarioUnavailableError(
      `a part of the image was not taken: ${response?.status ?? 'no answer'}`,
    );
}

async function imported(path: string, tools: HttpTools): Promise<string> {
  const deadline = tools.now() + IMPORT_DEADLINE_MS;
  for (;;) {
    const { body } = await callFree({ method: 'GET', path }, tools);
    const { upload } = read(z.object({ upload: uploadShape }), body);
    if (upload.entityId) return upload.entityId;
    if (upload.status === 'failed')
      throw new ScenarioInputError(upload.errorMessage ?? 'Scenario could not import the image');
    if (tools.now() > deadline)
      throw new Error(`Scenario did not import the image: its upload is still ${upload.status}`);
    await tools.sleep(IMPORT_POLL_MS);
  }
}

function generatePath(query: string): string {
  return `/generate/custom/${modelId}${query}`;
}

/** `dryRun` belongs into the query: in the body it is ignored, and a paid job starts. */
async function quote(input: ModelInput, tools: HttpTools): Promise<number> {
  const call = { method: 'POST', path: generatePath('?dryRun=true'), body: input, accept: 402 } as const;
  const { status, body } = await aboutModel(input, () => callFree(call, tools));
  const cost = costShape.safeParse(body).data;
  // Should the API ever take a dry run for a real one, nobody may go on as if nothing had been bought.
  if (cost?.job?.jobId)
    throw new ScenarioAccountError(`Scenario started the job ${cost.job.jobId} for a dry run`);
  const cu = status === 402 ? cost?.estimatedCost : cost?.creativeUnitsCost;
  if (cu !== undefined) return cu;
  if (status === 402) throw new ScenarioAccountError('Scenario refused the quote with 402: payment required');
  throw new ScenarioUnavailableError(`Scenario answered the dry run with ${status} and no price`);
}

async function generate(input: ModelInput, tools: HttpTools): Promise<string> {
  const call = { method: 'POST', path: generatePath(''), body: input } as const;
  const { body } = await aboutModel(input, () => callPaid(call, tools));
  const started = z.object({ job: z.object({ jobId: id }) }).safeParse(body);
  if (started.success) return started.data.job.jobId;
  throw new SubmissionUncertainError('Scenario took the request and named no job');
}

/** A 404 here is about the input asset when it says so; else about the model, and then no image is at fault. */
async function aboutModel<T>({ image }: ModelInput, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof ScenarioNotFoundError)) throw error;
    const isAsset = error.message.includes(image) || /\basset\b/i.test(error.message);
    throw isAsset ? new ScenarioInputError(error.message) : new ScenarioAccountError(error.message);
  }
}

const LIST_PAGE = 200;

async function* jobsSince(time: number, get: (path: string) => Promise<unknown>): AsyncGenerator<Job> {
  let token: string | undefined;
  do {
    const next = token === undefined ? '' : `&paginationToken=${encodeURIComponent(token)}`;
    const page = read(jobPageShape, await get(`/jobs?types=custom&pageSize=${LIST_PAGE}${next}`));
    for (const row of page.jobs) {
      if (row.createdAt !== undefined && Date.parse(row.createdAt) < time) return;
      yield toJob(row);
    }
    token = page.nextPaginationToken ?? undefined;
  } while (token !== undefined);
}

/** Ids become part of paths, keys and execution names elsewhere: nothing but these characters may come in. */
const id = z.string().regex(/^[A-Za-z0-9_-]{1,128}$/);
const ids = z.array(z.string()).transform((all) => all.filter((one) => id.safeParse(one).success));
const text = z.string().optional().catch(undefined);
const amount = z.number().nonnegative().optional().catch(undefined);

const jobShape = z.object({
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
      error: text,
      hint: text,
    })
    .catch({ assetIds: [] })
    .default({ assetIds: [] }),
  billing: z.object({ cuCost: amount }).optional().catch(undefined),
  createdAt: text,
  updatedAt: text,
});

const jobPageShape = z.object({ jobs: z.array(jobShape), nextPaginationToken: z.string().nullish() });

const assetShape = z.object({
  id,
  url: z.string(),
  status: z.string().catch('success').default('success'),
  source: text,
  originalFileUrl: text,
  properties: z.object({ size: amount }).optional().catch(undefined),
  preview: z.object({ assetId: id }).optional().catch(undefined),
  thumbnail: z.object({ assetId: id }).optional().catch(undefined),
});

const uploadShape = z.object({
  id,
  status: z.string(),
  entityId: id.nullish(),
  errorMessage: z.string().nullish(),
  parts: z.array(z.object({ number: z.number().int().positive(), url: z.url() })).optional(),
});

const costShape = z.object({
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

function toJob(row: z.infer<typeof jobShape>): Job {
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
  return { ...inputShape.safeParse(echo).data, text: JSON.stringify(echo) };
}

function isoDate(said: string | undefined): string | undefined {
  const time = Date.parse(said ?? '');
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

function toAsset(shape: z.infer<typeof assetShape>): ScenarioAsset {
  return {
    assetId: shape.id,
    url: shape.originalFileUrl ?? shape.url,
    status: shape.status === 'pending' ? 'pending' : shape.status === 'error' ? 'broken' : 'ready',
    source: shape.source,
    bytes: shape.originalFileUrl === undefined ? shape.properties?.size : undefined,
    preview: shape.preview ?? shape.thumbnail,
  };
}

/** @throws ScenarioUnavailableError when the answer is not of the documented shape: worth another look later */
function read<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join('.');
  throw new ScenarioUnavailableError(
    `Scenario's answer can not be read: ${where ? `${where} is wrong` : 'no JSON object'}`,
  );
}
