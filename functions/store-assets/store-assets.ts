import { type AnswerTools, answer, publish } from '../run/conclude.ts';
import type { StoredAsset } from '../contract/asset.ts';
import { badEndOf } from '../scenario/job-failure.ts';
import { AssetNotReadyError, FileTooLargeError, UnusableResultError } from '../platform/errors.ts';
import { type Failure, failure, publishable } from '../contract/failures.ts';
import type { Log } from '../platform/observability.ts';
import type { RunRecord } from '../run/record.ts';
import { assetFolder, assetName } from '../run/upload.ts';
import type { Scenario } from '../scenario/client.ts';
import type { Job } from '../scenario/schemas.ts';
import type { FileKind } from './file-kind.ts';
import { patiently, type PatienceTools } from './file-retrier.ts';
import { type Place, storeFile, yetToBeKnown } from './store-file.ts';

export interface StoreAssetsInput {
  readonly runId: string;
  readonly jobId: string;
}

/** What the machine keeps of it; the manifest says the rest. */
export interface StoredModel {
  readonly status: 'stored';
  readonly assets: number;
}

export interface StoreTools extends AnswerTools, PatienceTools {
  readonly scenario: Pick<Scenario, 'asset' | 'job'>;
  readonly log: Log;
}

const MOST_ASSETS = 500;

/**
 * Copies what a finished job gave into the asset bucket, then answers the run. Safe to repeat: the same keys, and a run
 * that is stored already is only announced again.
 *
 * @throws UnusableResultError when there is nothing to keep as a model; the run is answered as failed before
 */
export async function storeAssets(
  { runId, jobId }: StoreAssetsInput,
  tools: StoreTools,
): Promise<StoredModel> {
  const kept = await tools.records.read(runId);
  if (!kept) throw new Error(`there is no record of the run ${runId}`);
  const { record } = kept;
  if (record.phase === 'stored') {
    await publish(runId, tools);
    return { status: 'stored', assets: record.assets.length };
  }
  const job = await yetToBeKnown(tools.scenario.job(jobId));
  if (job.status === 'running') throw new AssetNotReadyError(`the job ${jobId} is still running`);
  const files = job.assetIds.length > MOST_ASSETS ? NO_FILES : await storeFiles(record, job, tools);
  const bad = badEndOf(job) ?? unusableBecause(job, files);
  const { assets } = files;
  const left = files.missing.map(({ assetId, error }) => ({ assetId, reason: publishable(error.message) }));
  const missing = left.length > 0 ? left : undefined;
  if (bad) {
    // With what was there kept, and the execution ends red.
    await answer(record, { phase: 'failed', failure: failure(bad.code, bad.reason), assets, missing }, tools);
    throw new UnusableResultError(bad.reason);
  }
  const { cu, finishedAt: jobFinishedAt } = job;
  await answer(record, { phase: 'stored', assets, missing, cu, jobFinishedAt }, tools);
  tools.log.info('stored', { assets: assets.length, cu });
  return { status: 'stored', assets: assets.length };
}

interface Files {
  readonly assets: StoredAsset[];
  readonly missing: readonly { readonly assetId: string; readonly error: Error }[];
}

const NO_FILES: Files = { assets: [], missing: [] };

/**
 * Undefined when there is a model: then nothing that is missing beside it can spoil it.
 *
 * @throws whatever kept a file away that may be the model, and may pass
 */
function unusableBecause({ assetIds }: Job, { assets, missing }: Files): Failure | undefined {
  const count = assetIds.length === 1 ? '1 file' : `${assetIds.length} files`;
  if (assetIds.length > MOST_ASSETS)
    return { code: 'too-many-assets', reason: `the job gave ${count}; at most ${MOST_ASSETS} are taken` };
  if (assets.some(({ role }) => role === 'model')) return undefined;
  const passing = missing.find(({ error }) => !(error instanceof FileTooLargeError));
  if (passing) throw passing.error;
  const [large] = missing;
  // The model is there and paid: once the setting is raised, a redrive fetches it. With `no-model`, people would pay again.
  if (large) return { code: 'download-broken', reason: `${large.assetId}: ${large.error.message}` };
  // This is also the end of a GLB with errors where `glbErrors` is `fail`: the same bytes again would be no better.
  return { code: 'no-model', reason: `Scenario finished the job without a usable 3D model (${count})` };
}

/** All files of the job in its own order, then the previews that live beside its models. */
async function storeFiles(run: RunRecord, { assetIds }: Job, tools: StoreTools): Promise<Files> {
  const keyOf = namesIn(assetFolder(run.upload.key, run.runId), assetName(run.upload.key));
  const store = patiently(tools);
  const assets: StoredAsset[] = [];
  const missing: { assetId: string; error: Error }[] = [];
  // Grows on the way: what is added to a set is gone through last, and what is in it already only once.
  const wanted = new Set(assetIds);
  for (const assetId of wanted) {
    const isPreview = !assetIds.includes(assetId);
    const place = (kind: FileKind, source: string): Place => ({
      role: roleOf(kind, source, isPreview),
      key: keyOf(assetId, isPreview ? '.preview' : '', kind.extension),
    });
    const { file, error } = await store((totalMs) =>
      storeFile({ runId: run.runId, assetId, place, totalMs }, tools),
    );
    if (file) assets.push(file.asset);
    if (file?.asset.role === 'model' && file.previewId !== undefined) wanted.add(file.previewId);
    if (error) {
      missing.push({ assetId, error });
      tools.log.warn('left out', { assetId, error });
    }
  }
  return { assets, missing };
}

function roleOf({ is3d, contentType }: FileKind, source: string, isPreview: boolean): Place['role'] {
  if (isPreview) return contentType.startsWith('image/') ? 'preview' : 'other';
  if (is3d) return 'model';
  return source.startsWith('3d:texture') ? 'texture' : 'other';
}

type KeyOf = (assetId: string, suffix: string, extension: string) => string;

/** Hands out `oak.glb`, `oak-2.glb`, `oak.preview.webp`: in the same order always the same keys, and the same file keeps its own. */
function namesIn(folder: string, name: string): KeyOf {
  const owners = new Map<string, string>();
  return (assetId, suffix, extension) => {
    const isFree = (key: string) => (owners.get(key) ?? assetId) === assetId;
    let key = `${folder}${name}${suffix}.${extension}`;
    for (let n = 2; !isFree(key); n += 1) key = `${folder}${name}${suffix}-${n}.${extension}`;
    owners.set(key, assetId);
    return key;
  };
}
