import { type AnswerTools, answer, type Outcome, publish } from '../shared/answer.ts';
import type { Asset } from '../shared/asset.ts';
import { AssetNotReadyError, UnusableResultError } from '../shared/errors.ts';
import { failure } from '../shared/failure.ts';
import type { Log } from '../shared/observed.ts';
import type { RunRecord } from '../shared/record.ts';
import { assetFolder, assetName } from '../shared/run.ts';
import type { Scenario } from '../shared/scenario.ts';
import type { Job } from '../shared/scenario-answers.ts';
import type { FileKind } from './file-kind.ts';
import { type FileTools, type Place, storeFile, yetToBeKnown } from './store-file.ts';
import { errorOf } from '../shared/error-of.ts';

export interface StoreAssetsInput {
  readonly runId: string;
  readonly jobId: string;
}

/** What the machine keeps of it; the manifest says the rest. */
export interface StoredModel {
  readonly status: 'stored';
  readonly assets: number;
}

export interface StoreTools extends AnswerTools, FileTools {
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
  if (job.status !== 'succeeded')
    return await unusable(
      record,
      { code: 'job-failed', reason: job.error ?? `the job ended ${job.status}` },
      [],
      tools,
    );
  if (job.assetIds.length > MOST_ASSETS) {
    const reason = `the job gave ${job.assetIds.length} files; at most ${MOST_ASSETS} are taken`;
    return await unusable(record, { code: 'too-many-assets', reason }, [], tools);
  }
  const assets = await storeFiles(record, job, tools);
  if (!assets.some(({ role }) => role === 'model')) {
    const count = job.assetIds.length;
    const reason = `Scenario finished the job without a 3D model (${count === 1 ? '1 file' : `${count} files`})`;
    return await unusable(record, { code: 'no-model', reason }, assets, tools);
  }
  await answer(record, { phase: 'stored', assets, ...chargeOf(job) }, tools);
  tools.log.info('stored', { assets: assets.length, cu: job.cu });
  return { status: 'stored', assets: assets.length };
}

function chargeOf({
  cu,
  finishedAt,
}: Job): Pick<Extract<Outcome, { phase: 'stored' }>, 'cu' | 'jobFinishedAt'> {
  return { ...(cu !== undefined && { cu }), ...(finishedAt !== undefined && { jobFinishedAt: finishedAt }) };
}

/** Answers the run as failed, with what was there kept, and lets the execution end red. */
async function unusable(
  run: RunRecord,
  { code, reason }: { code: 'job-failed' | 'no-model' | 'too-many-assets'; reason: string },
  assets: readonly Asset[],
  tools: StoreTools,
): Promise<never> {
  await answer(run, { phase: 'failed', failure: failure(code, reason), assets }, tools);
  throw new UnusableResultError(reason);
}

/** All files of the job in its own order, then the previews that live beside them. */
async function storeFiles(run: RunRecord, { assetIds }: Job, tools: StoreTools): Promise<readonly Asset[]> {
  const keyOf = namesIn(assetFolder(run.upload.key, run.runId), assetName(run.upload.key));
  const assets: Asset[] = [];
  const previewIds = new Set<string>();
  for (const assetId of new Set(assetIds)) {
    const { asset, previewId } = await storeFile(
      assetId,
      (kind, source) => placeOf(kind, source, keyOf),
      tools,
    );
    assets.push(asset);
    if (asset.role === 'model' && previewId !== undefined) previewIds.add(previewId);
  }
  for (const previewId of previewIds) {
    if (assets.some(({ assetId }) => assetId === previewId)) continue;
    const preview = await storePreview(previewId, keyOf, tools);
    if (preview) assets.push(preview);
  }
  return assets;
}

/** A picture of the model is a comfort: a paid model is not lost for the want of it. */
async function storePreview(assetId: string, keyOf: KeyOf, tools: StoreTools): Promise<Asset | undefined> {
  try {
    const { asset } = await storeFile(
      assetId,
      ({ extension }) => ({ role: 'preview', key: keyOf('.preview', extension) }),
      tools,
    );
    return asset;
  } catch (error) {
    tools.log.warn('stored without preview', {
      assetId,
      error: errorOf(error),
    });
    return undefined;
  }
}

function placeOf({ extension, is3d }: FileKind, source: string, keyOf: KeyOf): Place {
  const role = is3d ? 'model' : source.startsWith('3d:texture') ? 'texture' : 'other';
  return { role, key: keyOf('', extension) };
}

type KeyOf = (suffix: string, extension: string) => string;

/** Hands out `oak.glb`, `oak-2.glb`, `oak.preview.webp`: in the same order always the same keys. */
function namesIn(folder: string, name: string): KeyOf {
  const taken = new Set<string>();
  return (suffix, extension) => {
    let key = `${folder}${name}${suffix}.${extension}`;
    for (let n = 2; taken.has(key); n += 1) key = `${folder}${name}${suffix}-${n}.${extension}`;
    taken.add(key);
    return key;
  };
}
