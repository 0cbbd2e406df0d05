import type { Clock } from '../../functions/platform/clock.ts';
import { toError } from '../../functions/platform/errors.ts';
import { resolveParameters } from '../../functions/models/parameters.ts';
import type { Parameters } from '../../functions/contract/schemas.ts';
import type { Model } from '../../functions/models/model.ts';
import { createScenario, type GenerationRequest, type Scenario } from '../../functions/scenario/client.ts';
import { ScenarioAccountError, ScenarioBusyError, ScenarioInputError } from '../../functions/scenario/errors.ts';
import { USER_AGENT } from '../../functions/scenario/http.ts';
import { isAllowed } from '../../functions/scenario/allowed-hosts.ts';
import * as z from 'zod';
import { parseJson } from '../../functions/platform/json.ts';
import { type Finding, find, ok, problem, type Result, skipped, warning } from './finding.ts';

/** The Scenario to check, and how the deployment uses it. */
export interface ScenarioCheck {
  /** Including `/v1`. */
  readonly url: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly model: Model;
  /** The deployment's defaults. */
  readonly defaults: Parameters;
  readonly resultHosts: readonly string[];
  /** Undefined if there is no limit, or if it is not known. */
  readonly maxCuPerRun: number | undefined;
  readonly clock: Clock;
  readonly fetch: typeof fetch;
}

const modelShape = z.object({
  model: z.object({
    tags: z.array(z.string()).default([]),
    inputs: z.array(z.object({ name: z.string() })).optional(),
  }),
});

/** Clocks that differ by more make signatures of AWS invalid. */
const MAX_SKEW_MS = 5 * 60_000;
/** A gray square of 64 px. */
const SAMPLE =
  'iVBORw0KGgoAAAANSUhEUgAAAEAAAABAAQMAAACQp+OdAAAAA1BMVEWIiIhYZW6zAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAD0lEQVQokWNgGAWjgHwAAAJAAAFgVTVqAAAAAElFTkSuQmCC';

/** Checks an account at Scenario. Buys nothing: it uploads a small image and asks for prices. */
export async function checkScenario(asked: ScenarioCheck): Promise<readonly Finding[]> {
  const requests = countRequests(asked.fetch);
  const given = { ...asked, fetch: requests.fetch };
  const { url, apiKey, apiSecret, resultHosts, clock, model } = given;
  const credentials = { get: async () => ({ apiKey, apiSecret }), drop: () => undefined };
  const scenario = createScenario({ url, resultHosts, credentials, fetch: given.fetch, clock });
  const record = await readModel(given);

  const access = await find('credentials', () => accessOf(record, url));
  if (access.status === 'problem')
    return [access, ...skip('model', 'clock', 'jobs', 'price', 'combinations', 'downloads')];
  const first = [
    access,
    await find('model', () => modelOf(record, model)),
    await find('clock', () => skewOf(record, clock)),
    await find('jobs', () => jobsAt(scenario)),
  ];
  const assetId = await uploadSample(scenario);
  if (assetId instanceof Error) {
    const reason = `Scenario takes no image: ${assetId.message}`;
    const upload = await find('downloads', () => problem(reason, fixOf(assetId)));
    return [...first, upload, ...skip('price', 'combinations')];
  }
  return [
    ...first,
    await find('price', () => priceOf(given, scenario, assetId), refusedQuote),
    await find('combinations', () => combinationsOf(given, scenario, assetId), refusedQuote),
    await find('downloads', () => downloadsFrom(given, scenario, assetId)),
    await find('requests', () => requests.result()),
  ];
}

/** Scenario doesn't say what its limit is. Everybody with the same key shares it. */
function countRequests(send: typeof fetch) {
  let [all, refused] = [0, 0];
  return {
    fetch: async (input: string | URL | Request, init?: RequestInit) => {
      const response = await send(input, init);
      all += 1;
      if (response.status === 429) refused += 1;
      return response;
    },
    result: (): Result =>
      refused === 0
        ? ok(`none of ${all} requests was refused; a project can make 100 a minute, with all that share its key`)
        : warning(
            `${refused} of ${all} requests were refused, so others use up the limit of the project`,
            'give Meshdrop a project and a key of its own',
          ),
  };
}

function skip(...checks: readonly string[]): readonly Finding[] {
  return checks.map((check) => ({ check, ...skipped('needs an answer of Scenario first') }));
}

interface ModelRecord {
  readonly status: number;
  readonly body: unknown;
  /** Milliseconds since 1970, by Scenario's clock. Undefined if it does not tell. */
  readonly date: number | undefined;
  /** Why there is no answer. */
  readonly error?: Error;
}

async function readModel({ url, apiKey, apiSecret, model, fetch }: ScenarioCheck): Promise<ModelRecord> {
  const authorization = `Basic ${Buffer.from(`${apiKey}:${apiSecret}`).toString('base64')}`;
  try {
    const response = await fetch(`${url}/models/${encodeURIComponent(model.id)}`, {
      headers: { ...USER_AGENT, authorization },
      signal: AbortSignal.timeout(30_000),
    });
    const date = Date.parse(response.headers.get('date') ?? '');
    const body = parseJson(await response.text());
    return { status: response.status, body, date: Number.isNaN(date) ? undefined : date };
  } catch (error) {
    return { status: 0, body: undefined, date: undefined, error: toError(error) };
  }
}

function accessOf({ status, error }: ModelRecord, url: string): Result {
  const { host } = new URL(url);
  if (error)
    return problem(`${host} does not answer: ${error.message}`, 'check the setting scenarioUrl, and your connection');
  if (status === 401) return problem(`${host} refuses the API key`, 'store a valid key: npx meshdrop secret');
  if (status === 402 || status === 403)
    return problem(
      `${host} refuses the account with ${status}`,
      'check the plan of your account, and whether it includes the API',
    );
  if (status >= 500) return problem(`${host} answers with ${status}`, 'try again later');
  return ok(`${host} accepts the API key`);
}

function modelOf({ status, body }: ModelRecord, model: Model): Result {
  if (status === 404)
    return problem(`Scenario does not know the model ${model.id}`, 'update Meshdrop, or choose another model');
  const record = modelShape.safeParse(body).data?.model;
  if (!record) return warning('the record of the model cannot be read', 'update Meshdrop');
  const deprecated = record.tags.find((tag) => tag.startsWith('deprecated'));
  if (deprecated !== undefined)
    return problem(
      `the model ${model.name} is retired (${deprecated})`,
      'update Meshdrop; until then, images may wait because Scenario refuses the model',
    );
  const names = record.inputs?.map(({ name }) => name) ?? [];
  const missing = Object.keys(model.inputs).filter((name) => names.length > 0 && !names.includes(name));
  if (missing.length > 0)
    return warning(
      `the model no longer has the parameters ${missing.join(', ')}`,
      'update Meshdrop, and do not use these parameters',
    );
  return ok(`the model ${model.name} is there, with all its parameters`);
}

function skewOf({ date }: ModelRecord, clock: Clock): Result {
  if (date === undefined) return skipped('Scenario does not tell its time');
  const seconds = Math.round((clock.now() - date) / 1000);
  if (Math.abs(seconds) * 1000 <= MAX_SKEW_MS)
    return ok(`this clock and that of Scenario differ by ${Math.abs(seconds)} s`);
  return problem(
    `this clock is ${seconds} s off`,
    'set the clock of this machine: AWS refuses requests with a wrong time',
  );
}

async function jobsAt(scenario: Scenario): Promise<Result> {
  const jobs = await scenario.recentJobs([]);
  const running = jobs.filter(({ status }) => status === 'running').length;
  return ok(`${running} jobs are running, and ${jobs.length} are in the first page of the list`);
}

async function uploadSample(scenario: Scenario): Promise<string | Error> {
  const bytes = Buffer.from(SAMPLE, 'base64');
  return await scenario.uploadImage({ bytes, name: 'meshdrop-doctor.png', contentType: 'image/png' }).catch(toError);
}

function requestFor(model: Model, assetId: string, parameters: Partial<Parameters>): GenerationRequest {
  const inputs: Record<string, Parameters[string]> = { [model.imageInput]: assetId };
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) inputs[name] = value;
  return { modelId: model.id, assetId, inputs };
}

async function priceOf(
  { model, defaults, maxCuPerRun }: ScenarioCheck,
  scenario: Scenario,
  assetId: string,
): Promise<Result> {
  const resolved = resolveParameters(model, 'image.png', {}, { defaults, presets: {} });
  if ('failure' in resolved) return problem(resolved.failure.reason, 'correct the setting defaults');
  const cu = await scenario.quote(requestFor(model, assetId, resolved.parameters));
  if (maxCuPerRun !== undefined && cu > maxCuPerRun)
    return problem(
      `an image with your defaults costs ${cu} compute units, and maxCuPerRun is ${maxCuPerRun}: all are rejected`,
      'raise maxCuPerRun, or choose cheaper defaults',
    );
  return ok(`an image with your defaults costs ${cu} compute units`);
}

function refusedQuote(error: Error): Result {
  return problem(`Scenario gives no price: ${error.message}`, fixOf(error));
}

function fixOf(error: Error): string {
  if (error instanceof ScenarioAccountError) return 'check the plan, the credits, and the access to the model';
  if (error instanceof ScenarioBusyError) return 'wait a minute, and try again';
  if (error instanceof ScenarioInputError) return 'update Meshdrop: the parameters of the model have changed';
  return 'try again later';
}

/** Asks for the prices of what Meshdrop rejects by itself. Only a free quote tells whether Scenario still does, too. */
async function combinationsOf({ model }: ScenarioCheck, scenario: Scenario, assetId: string): Promise<Result> {
  const accepted: string[] = [];
  const combinations = model.conflicts.filter(({ explicit }) => explicit === undefined);
  for (const { when, why } of combinations) {
    const isAccepted = await scenario.quote(requestFor(model, assetId, when)).then(
      () => true,
      (error: unknown) => {
        if (error instanceof ScenarioInputError) return false;
        throw error;
      },
    );
    if (isAccepted) accepted.push(why);
  }
  if (accepted.length === 0) return ok(`Scenario rejects what Meshdrop rejects: ${combinations.length} combinations`);
  return ok(
    `Meshdrop rejects ${accepted.length} combinations that Scenario gives a price for; they would lose what was asked for`,
  );
}

async function downloadsFrom(
  { url, resultHosts, fetch }: ScenarioCheck,
  scenario: Scenario,
  assetId: string,
): Promise<Result> {
  const [address] = (await scenario.asset(assetId)).urls;
  const file = URL.parse(address ?? '');
  if (!file) return warning('Scenario gives no address for a file', 'try again later');
  if (!isAllowed(file, new URL(url), resultHosts))
    return problem(`files are on ${file.host}, which is not allowed`, `add "${file.host}" to the setting resultHosts`);
  const { status } = await fetch(file, {
    headers: { ...USER_AGENT, range: 'bytes=0-0' },
    signal: AbortSignal.timeout(30_000),
  });
  if (status >= 400) return problem(`${file.host} answers with ${status}`, `allow connections to ${file.host}`);
  return ok(`files can be fetched from ${file.host}`);
}
