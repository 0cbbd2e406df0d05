import * as z from 'zod';
import { normalizeAwsErrors } from '../platform/aws-errors.ts';
import type { Clients } from '../platform/clients.ts';
import type { Clock } from '../platform/clock.ts';
import { type Env, readList } from '../platform/env.ts';
import type { JsonStore } from '../platform/json-store.ts';
import { createCredentialSource } from './credentials.ts';
import {
  AssetNotVisibleError,
  DryRunPaidError,
  ScenarioAccountError,
  ScenarioInputError,
  ScenarioNotFoundError,
  ScenarioUnavailableError,
  SubmissionUncertainError,
} from './errors.ts';
import { type Call, callFree, callPaid, type Connection } from './http.ts';
import {
  assetShape,
  costShape,
  id,
  type Job,
  jobPageShape,
  type JobRow,
  jobShape,
  parseBody,
  type ScenarioAsset,
} from './schemas.ts';
import { createSharedLook, type SharedLook } from './shared-look.ts';
import { type Image, uploadImage } from './upload-image.ts';

/** What Scenario generates a model from. */
export interface GenerationRequest {
  readonly modelId: string;
  /** The input asset. It is also one of the inputs. */
  readonly assetId: string;
  /** All inputs of the model, by name. */
  readonly inputs: Readonly<Record<string, string | number | boolean>>;
}

export const SCENARIO_ENV = ['SCENARIO_URL', 'SCENARIO_SECRET_ARN', 'RESULT_HOSTS'] as const;

/**
 * Connects to Scenario with the URL and the secret from a function's environment.
 *
 * @param store where the invocations share what they have seen
 */
export function connectScenario(
  env: Env<(typeof SCENARIO_ENV)[number]>,
  { secrets, fetch }: Clients<'secrets' | 'fetch'>,
  clock: Clock,
  store: JsonStore,
): { readonly scenario: Scenario; readonly sharedLook: SharedLook } {
  const credentials = createCredentialSource(normalizeAwsErrors(secrets), env.SCENARIO_SECRET_ARN);
  const sharedLook: SharedLook = createSharedLook(store, () => scenario, clock);
  const { onShort } = sharedLook;
  const resultHosts = readList(env, 'RESULT_HOSTS');
  const scenario = createScenario({ url: env.SCENARIO_URL, resultHosts, credentials, fetch, clock, onShort });
  return { scenario, sharedLook };
}

/** The part of the Scenario API that a generation needs. */
export type Scenario = ReturnType<typeof createScenario>;

export function createScenario(connection: Connection) {
  const get = async (path: string) => (await callFree({ method: 'GET', path }, connection)).body;
  const remembered: Origins = new Map();
  return {
    /** Creates an input asset and returns its ID. Free. A repeat only leaves an unused asset behind. */
    uploadImage: (image: Image) => uploadImage(image, connection),
    /** Returns what the job would cost, in compute units. Free. */
    quote: (request: GenerationRequest) => quote(request, connection),
    /**
     * Starts the job and returns its ID. **Costs money, can't be canceled, and is never repeated.**
     *
     * @throws SubmissionUncertainError if Scenario may have accepted the request
     */
    generate: (request: GenerationRequest) => generate(request, connection),
    /** @throws ScenarioNotFoundError */
    job: async (jobId: string) =>
      parseBody(z.object({ job: jobShape }), await get(`/jobs/${encodeURIComponent(jobId)}`)).job,
    /** The list of model jobs, page by page, to its end. */
    jobPages: () => jobPages(get),
    /** The latest model jobs: the first page of the list, and two more as long as one of the known jobs is missing. */
    recentJobs: (known: readonly string[]) => recentJobs(known, jobPages(get)),
    /** What each of these assets was made from, if Scenario knows it. Undefined for those that it does not know. */
    originsOf: (assetIds: readonly string[]) => originsOf(assetIds, remembered, connection),
    /** @throws ScenarioNotFoundError */
    asset: async (assetId: string) => {
      const body = await get(`/assets/${encodeURIComponent(assetId)}?originalAssets=true`);
      return parseBody(z.object({ asset: assetShape }), body).asset;
    },
    /** Those of the assets that Scenario knows. One unknown asset can hide the others. */
    assets: (assetIds: readonly string[]) => knownAssets(assetIds, '?originalAssets=true', connection),
  };
}

function generationCall({ modelId, assetId, inputs }: GenerationRequest): Call {
  return {
    method: 'POST',
    path: `/generate/custom/${encodeURIComponent(modelId)}`,
    body: inputs,
    // The reason of a 404 names the input asset if that is unknown. Otherwise the model is, and no image is at fault.
    notFound: (message, refused) => {
      const isAsset = message.includes(assetId) || /\basset\b/i.test(message);
      return new (isAsset ? AssetNotVisibleError : ScenarioAccountError)(message, { refused });
    },
  };
}

/** `dryRun` must be in the query: Scenario ignores it in the body and starts a paid job. */
async function quote(request: GenerationRequest, connection: Connection): Promise<number> {
  const call = generationCall(request);
  const { status, body } = await callFree({ ...call, path: `${call.path}?dryRun=true`, accept: 402 }, connection);
  const cost = costShape.safeParse(body).data;
  // If Scenario ever starts a job for a dry run, the job is paid, and it must not go unnoticed.
  const started = cost?.job?.jobId;
  if (started) {
    const paid = { assetId: request.assetId, jobId: id.safeParse(started).data, cu: cost.creativeUnitsCost };
    throw new DryRunPaidError(`Scenario started the job ${started} for a dry run`, paid);
  }
  const cu = status === 402 ? cost?.estimatedCost : cost?.creativeUnitsCost;
  if (cu !== undefined) return cu;
  if (status === 402) throw new ScenarioAccountError('Scenario refused the quote with 402: payment required');
  throw new ScenarioUnavailableError(`Scenario answered the dry run with ${status} but no price`);
}

async function generate(request: GenerationRequest, connection: Connection): Promise<string> {
  const { body } = await callPaid(generationCall(request), connection);
  const started = z.object({ job: z.object({ jobId: id }) }).safeParse(body);
  if (started.success) return started.data.job.jobId;
  throw new SubmissionUncertainError('Scenario accepted the request but returned no job ID');
}

const LIST_PAGE = 200;

/** A list whose token repeats has ended: it would begin again. */
async function* jobPages(get: (path: string) => Promise<unknown>): AsyncGenerator<readonly JobRow[]> {
  const tokens = new Set<string>();
  let token = '';
  do {
    tokens.add(token);
    const next = token === '' ? '' : `&paginationToken=${encodeURIComponent(token)}`;
    const page = parseBody(jobPageShape, await get(`/jobs?types=custom&pageSize=${LIST_PAGE}${next}`));
    yield page.jobs;
    token = page.nextPaginationToken ?? '';
  } while (!tokens.has(token));
}

const RECENT_PAGES = 3;

async function recentJobs(known: readonly string[], pages: AsyncIterable<readonly JobRow[]>): Promise<readonly Job[]> {
  const jobs: Job[] = [];
  let read = 0;
  for await (const page of pages) {
    jobs.push(...page.filter((row) => typeof row !== 'string'));
    read += 1;
    if (read === RECENT_PAGES || known.every((id) => jobs.some(({ jobId }) => jobId === id))) break;
  }
  return jobs;
}

const BULK = 200;
const MAX_SINGLE = 20;

const MAX_REMEMBERED = 20_000;

type Origins = Map<string, readonly string[]>;

/** @param remembered the origins that were asked for before. They never change */
async function originsOf(assetIds: readonly string[], remembered: Origins, connection: Connection): Promise<Origins> {
  if (remembered.size > MAX_REMEMBERED) remembered.clear();
  const asked = assetIds.filter((assetId) => !remembered.has(assetId));
  for (const { assetId, origins } of await knownAssets(asked, '', connection, MAX_SINGLE))
    remembered.set(assetId, origins);
  return remembered;
}

/**
 * One unknown asset refuses a whole call. After that, each is asked for by itself, as far as that is reasonable.
 *
 * @param maxSingle how many to ask for one by one, for each call
 */
async function knownAssets(
  assetIds: readonly string[],
  query: string,
  connection: Connection,
  maxSingle = 0,
): Promise<readonly ScenarioAsset[]> {
  const known: ScenarioAsset[] = [];
  for (let from = 0; from < assetIds.length; from += BULK) {
    const body = { assetIds: assetIds.slice(from, from + BULK) };
    const call = { method: 'POST', path: `/assets/get-bulk${query}`, body } as const;
    const found = await ifKnown(callFree(call, connection));
    if (found) known.push(...parseBody(z.object({ assets: z.array(assetShape) }), found.body).assets);
    else
      for (const assetId of body.assetIds.slice(0, maxSingle)) {
        const path = `/assets/${encodeURIComponent(assetId)}${query}`;
        const one = await ifKnown(callFree({ method: 'GET', path }, connection));
        if (one) known.push(parseBody(z.object({ asset: assetShape }), one.body).asset);
      }
  }
  return known;
}

async function ifKnown<T>(call: Promise<T>): Promise<T | undefined> {
  return await call.catch((error: unknown) => {
    if (error instanceof ScenarioNotFoundError || error instanceof ScenarioInputError) return undefined;
    throw error;
  });
}
