import * as z from 'zod';
import {
  DryRunPaidError,
  ScenarioAccountError,
  ScenarioInputError,
  ScenarioNotFoundError,
  ScenarioUnavailableError,
  SubmissionUncertainError,
} from '../platform/errors.ts';
import {
  assetShape,
  costShape,
  id,
  type Job,
  jobPageShape,
  jobShape,
  read,
  type ScenarioAsset,
  toAsset,
  toJob,
} from './schemas.ts';
import { callFree, callPaid, type HttpTools } from './http.ts';
import { type Image, uploadImage } from './upload-image.ts';
import { type ModelInput, modelId } from '../models/tripo-3-1.ts';

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

export function createScenario(tools: HttpTools): Scenario {
  const get = async (path: string) => (await callFree({ method: 'GET', path }, tools)).body;
  return {
    uploadImage: (image) => uploadImage(image, tools),
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

const GENERATE = `/generate/custom/${modelId}`;

/** `dryRun` belongs into the query: in the body it is ignored, and a paid job starts. */
async function quote(input: ModelInput, tools: HttpTools): Promise<number> {
  const call = { method: 'POST', path: `${GENERATE}?dryRun=true`, body: input, accept: 402 } as const;
  const { status, body } = await aboutModel(input, () => callFree(call, tools));
  const cost = costShape.safeParse(body).data;
  // Should the API ever take a dry run for a real one, nobody may go on as if nothing had been bought.
  const started = cost?.job?.jobId;
  if (started) {
    const paid = { assetId: input.image, jobId: id.safeParse(started).data };
    throw new DryRunPaidError(`Scenario started the job ${started} for a dry run`, paid);
  }
  const cu = status === 402 ? cost?.estimatedCost : cost?.creativeUnitsCost;
  if (cu !== undefined) return cu;
  if (status === 402) throw new ScenarioAccountError('Scenario refused the quote with 402: payment required');
  throw new ScenarioUnavailableError(`Scenario answered the dry run with ${status} and no price`);
}

async function generate(input: ModelInput, tools: HttpTools): Promise<string> {
  const call = { method: 'POST', path: GENERATE, body: input } as const;
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
    // Some lists end with an empty one, which would ask for the first page again.
    token = page.nextPaginationToken || undefined;
  } while (token !== undefined);
}
