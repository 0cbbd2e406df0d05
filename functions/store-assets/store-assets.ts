import { glbErrorsSchema } from '../contract/options.ts';
import { redact, RunFailedError } from '../contract/failures.ts';
import type { Model } from '../models/model.ts';
import { DEFAULT_MODEL, MODELS, modelWithId } from '../models/registry.ts';
import type { Clients } from '../platform/clients.ts';
import type { Clock } from '../platform/clock.ts';
import { type Env, readList, readPositive } from '../platform/env.ts';
import { type Handle, lambdaTelemetry } from '../platform/observability.ts';
import { conclude, republish } from '../run/conclude.ts';
import { rememberDuration } from '../run/job-durations.ts';
import { createRuns, RUNS_ENV, type Runs, type Surroundings } from '../run/runs.ts';
import { connectScenario, type Scenario, SCENARIO_ENV } from '../scenario/client.ts';
import { ScenarioBusyError } from '../scenario/errors.ts';
import type { SharedLook } from '../scenario/shared-look.ts';
import { type Job, jobFailure } from '../scenario/schemas.ts';
import type { Lookup } from '../scenario/allowed-hosts.ts';
import { AssetNotReadyError, FileTooLargeError } from './errors.ts';
import type { Get } from './http-get.ts';
import { type FileStore, retryIfUnknown } from './store-file.ts';
import { type Files, lookUpAll, storeFiles } from './store-files.ts';
import { skipPartSignatures } from './unsigned-parts.ts';
import type { Validate } from './validate-glb.ts';
import { isUnusable } from './verify-file.ts';

export const STORE_ASSETS_ENV = [...SCENARIO_ENV, ...RUNS_ENV, 'MAX_ASSET_BYTES', 'GLB_ERRORS'] as const;
export type StoreAssetsEnv = Env<(typeof STORE_ASSETS_ENV)[number]>;

export interface StoreAssetsClients extends Clients<'s3' | 'events' | 'secrets' | 'fetch'> {
  readonly get: Get;
  readonly lookup: Lookup;
  readonly validate: Validate;
}

export interface StoreAssetsInput {
  readonly runId: string;
  readonly jobId: string;
}

/** What the state machine keeps. The manifest has the rest. */
export interface StoredModel {
  readonly status: 'stored';
  readonly assets: number;
}

/** Composes the function that copies the files of a finished job into the asset bucket and announces them. */
export function createStoreAssets(
  env: StoreAssetsEnv,
  clients: StoreAssetsClients,
  clock: Clock,
  { telemetry = lambdaTelemetry, models = MODELS }: Surroundings = {},
): Handle<StoreAssetsInput, StoredModel> {
  const runs = createRuns(env, clients, clock, telemetry);
  const { scenario, sharedLook } = connectScenario(env, clients, clock, runs.documents);
  const files: FileStore = {
    scenario,
    network: {
      apiUrl: env.SCENARIO_URL,
      get: clients.get,
      lookup: clients.lookup,
      resultHosts: readList(env, 'RESULT_HOSTS'),
      clock,
    },
    s3: skipPartSignatures(clients.s3),
    assetBucket: env.ASSET_BUCKET,
    maxAssetBytes: readPositive(env, 'MAX_ASSET_BYTES'),
    glbErrors: glbErrorsSchema.parse(env.GLB_ERRORS),
    validate: clients.validate,
  };
  return (input) => storeAssets(input, { runs, scenario, sharedLook, files, models });
}

/** For this long after it was submitted, a run lets submissions go first while requests are short. */
const YIELDS_MS = 30 * 60_000;

interface Storage {
  readonly runs: Runs;
  readonly scenario: Pick<Scenario, 'job'>;
  readonly sharedLook: Pick<SharedLook, 'isShort'>;
  readonly files: FileStore;
  readonly models: readonly Model[];
}

const MAX_ASSETS = 500;
/** Scenario can name the files a little after the end of a job. With the waits of the machine, these take ten minutes. */
const LOOKS_FOR_MODEL = 13;

/**
 * Copies the files of a finished job, then concludes the run. Safe to repeat: the keys stay the same, and a run that is
 * already stored is only announced again.
 *
 * @throws RunFailedError if no file is a model. The record lists the files that were kept, and the report of the
 *   execution's end concludes the run
 */
async function storeAssets({ runId, jobId }: StoreAssetsInput, storage: Storage): Promise<StoredModel> {
  const { runs, scenario, sharedLook, files, models } = storage;
  const standing = await runs.records.read(runId);
  if (!standing) throw new Error(`there is no record of the run ${runId}`);
  const { record } = standing;
  if (record.phase === 'stored') {
    await republish(runId, runs);
    return { status: 'stored', assets: record.assets.length };
  }
  // The files are paid for and stay where they are. The state machine tries again a little later.
  const isYoung = 'submittedAt' in record && runs.clock.now() - Date.parse(record.submittedAt ?? '') < YIELDS_MS;
  if (isYoung && (await sharedLook.isShort()))
    throw new ScenarioBusyError('submissions need the requests that are left');
  files.validate.prepare?.();
  const job = await retryIfUnknown(scenario.job(jobId));
  if (job.status === 'running' && !job.mayBeDone) throw new AssetNotReadyError(`the job ${jobId} is still running`);
  const model = modelWithId(record.modelId ?? DEFAULT_MODEL.id, models);
  const isTooMany = job.assetIds.length > MAX_ASSETS;
  const listing = await lookUpAll(isTooMany ? [] : job.assetIds, files);
  const looks = ('looksForModel' in record ? record.looksForModel : undefined) ?? 0;
  const isAwaited = !isTooMany && listing.hasOnlyImages && jobFailure(job) === undefined && looks < LOOKS_FOR_MODEL;
  if (isAwaited && record.phase === 'submitted') {
    await runs.records.replace({ ...standing, record }, { ...record, looksForModel: looks + 1 });
    throw new AssetNotReadyError(`the job ${jobId} names no 3D file yet`);
  }
  const { assets, missing } = await storeFiles(record, listing, files, { ...runs, model });
  const described = missing.map(({ assetId, error }) => ({ assetId, reason: redact(error.message) }));
  const kept = { assets, missing: described.length > 0 ? described : undefined };
  const result = { ...kept, cu: job.cu, jobFinishedAt: job.finishedAt };
  const failed = whyFailed(job, { assets, missing });
  if (failed) {
    // If the run failed before, its first end stands.
    if (record.phase === 'submitted') await runs.records.replace({ ...standing, record }, { ...record, ...result });
    throw failed;
  }
  await conclude(record, { phase: 'stored', ...result }, runs);
  await rememberDuration(model.id, job, runs.documents);
  runs.telemetry.log.info('stored', { assets: assets.length, cu: job.cu });
  return { status: 'stored', assets: assets.length };
}

/**
 * Undefined if there is a model, whatever else is missing.
 *
 * @throws the error of a file that may be the model, if a retry may help
 */
function whyFailed(job: Job, { assets, missing }: Files): RunFailedError | undefined {
  const failed = jobFailure(job);
  if (failed) return new RunFailedError(failed.code, failed.reason);
  const count = job.assetIds.length === 1 ? '1 file' : `${job.assetIds.length} files`;
  if (job.assetIds.length > MAX_ASSETS)
    return new RunFailedError('too-many-assets', `the job gave ${count}; at most ${MAX_ASSETS} are taken`);
  if (assets.some(({ role }) => role === 'model')) return undefined;
  const unusable = assets.find(isUnusable);
  if (unusable) {
    const why = unusable.problems?.[0]?.message ?? '';
    return new RunFailedError('download-broken', `${unusable.assetId}, the same in two downloads: ${why}`);
  }
  const passing = missing.find(({ error }) => !(error instanceof FileTooLargeError));
  if (passing) throw passing.error;
  const [large] = missing;
  // The model exists and is paid: once the setting is raised, a redrive fetches it. After `no-model`, people would pay again.
  if (large) return new RunFailedError('download-broken', `${large.assetId}: ${large.error.message}`);
  // A GLB with errors also ends here if `glbErrors` is `fail`: the same bytes would be no better.
  const refused = job.refusedIds.length > 0 ? `, and these cannot be used: ${job.refusedIds.join(', ')}` : '';
  const unchecked = assets.flatMap(({ problems = [] }) => problems.find(({ code }) => code === 'not-validated') ?? []);
  const why = unchecked.length > 0 ? `: ${unchecked[0]?.message}, and glbErrors is fail` : '';
  return new RunFailedError(
    'no-model',
    `Scenario finished the job without a usable 3D model (${count}${refused})${why}`,
  );
}
