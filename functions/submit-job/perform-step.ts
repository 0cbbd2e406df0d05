import { isDeepStrictEqual } from 'node:util';
import { type FailureCode, failure } from '../contract/failures.ts';
import { isoDate } from '../platform/clock.ts';
import { conclude, type Outcome, republish, tooManyErrors } from '../run/conclude.ts';
import type { Step } from '../run/lifecycle.ts';
import type { Kept, ReadyAsset, RecordIn, RunRecord, Unclaimed } from '../run/record.ts';
import type { AnnouncedUpload } from '../run/upload.ts';
import { AssetNotVisibleError, DryRunPaidError, ScenarioAccountError, ScenarioInputError } from '../scenario/errors.ts';
import { nextSendAt } from './bounds.ts';
import type { Passed } from './gate.ts';
import { adoptPaidDryRun, type Claimed, payOnce, reconcileSends, sendLater } from './pay-once.ts';
import { prepareImage } from './prepare-image.ts';
import { startGeneration } from './start-generation.ts';
import { modelOf, type Submission } from './submission.ts';
import { takeTurn } from './take-turn.ts';

/** One invocation's work on one run. What it has done besides the record stays here, so that a retry goes on there. */
export interface Visit {
  readonly run: Unclaimed;
  readonly announced: AnnouncedUpload;
  readonly submission: Submission;
  /** The image, if this invocation has read it. */
  bytes?: Uint8Array;
  /** The input asset of the next send. */
  asset?: ReadyAsset | undefined;
  /** When it was made, or first could not be made, in milliseconds since 1970. */
  assetAt?: number;
  passed?: Passed | undefined;
}

/** The run's record, if there is one. `ageMs` is known only if it was just read. */
export type Standing = (Kept & { readonly ageMs?: number }) | undefined;

/** The new record, if the step wrote it. `changed`: read the record again. */
export type Performed = Standing | 'changed' | 'done';

export async function performStep(step: Step, standing: Standing, visit: Visit): Promise<Performed> {
  const { run, submission } = visit;
  switch (step) {
    case 'describe':
      return await describe(standing, visit);
    case 'submit':
      return await submit(standing as Claimed, visit);
    case 'reconcile':
      return await reconcile(standing as Claimed, submission);
    case 'reject':
      return await rejectRefused(standing as Claimed, submission);
    case 'start-generation': {
      const { record } = standing as Kept<RecordIn<'submitted'>>;
      await startGeneration(record, modelOf(record, submission), submission);
      return 'done';
    }
    case 'give-up':
      return await end(run, tooManyErrors(), submission);
    case 'republish':
      await republish(run.runId, submission.runs);
      return 'done';
    case 'finish':
      return 'done';
  }
}

/** Reads the image, then writes to the record what the upload asks for. */
async function describe(standing: Standing, visit: Visit): Promise<Performed> {
  const { run, announced, submission } = visit;
  const image = await prepareImage(announced, submission);
  if ('outcome' in image) return await end({ ...run, ...image.seen }, image.outcome, submission);
  const { bytes, upload, model, parameters, onDuplicate } = image;
  visit.bytes = bytes;
  const claimedAt = isoDate(submission.clock.now());
  const described = { upload, modelId: model.id, parameters, onDuplicate, phase: 'claimed' } as const;
  const { records } = submission.runs;
  // The image was read again, for another input asset. The record already says what it asks for.
  if (standing && isDeepStrictEqual({ ...standing.record, ...described }, standing.record)) return standing;
  const written = standing
    ? await records.replace(standing as Claimed, { claimedAt, ...(standing as Claimed).record, ...described })
    : await records.create({ ...run, claimedAt, ...described });
  return written ?? 'changed';
}

/** Makes the input asset, gets a quote, and pays. Skips what is already done. */
async function submit(claimed: Claimed, visit: Visit): Promise<Performed> {
  const { submission } = visit;
  const { record } = claimed;
  const waitMs = nextSendAt(record) - submission.clock.now();
  if (waitMs > 0) throw sendLater(record, 'the run was refused and sends again later', waitMs / 1000, submission);
  try {
    const turn = await takeTurn(claimed, submission);
    if (turn === 'changed') return turn;
    if ('outcome' in turn) return await end(record, turn.outcome, submission);
    visit.passed ??= await submission.gate.pass();
    const asset = findUnusedAsset(record, visit) ?? (await makeAsset(record, visit));
    if (!asset) return await describe(claimed, visit);
    const model = modelOf(record, submission);
    const inputs = { ...record.parameters, [model.imageInput]: asset.assetId };
    const request = { modelId: model.id, assetId: asset.assetId, inputs };
    const quoted = await submission.quotes.take(request, submission.scenario);
    const { maxCuPerRun } = submission.settings;
    if (quoted.quote > maxCuPerRun) {
      const reason = `this would cost ${quoted.quote} compute units; at most ${maxCuPerRun} are allowed per image`;
      return await reject({ ...record, ...quoted }, 'over-cu-limit', reason, submission);
    }
    await payOnce(claimed, { ...turn, quoted, request, passed: visit.passed }, submission);
  } catch (error) {
    return await onRefusal(error, claimed, visit);
  }
  return 'changed';
}

/** @throws the error, if it does not end the run */
async function onRefusal(error: unknown, claimed: Claimed, visit: Visit): Promise<Performed> {
  const { submission } = visit;
  const { clock, gate, runs } = submission;
  if (error instanceof AssetNotVisibleError) {
    visit.assetAt ??= clock.now();
    if (clock.now() - visit.assetAt <= ASSET_SETTLES_MS) throw error;
    // Scenario has lost an asset that waited, so the run makes another one.
    if (claimed.record.readyAsset && visit.asset?.assetId === claimed.record.readyAsset.assetId) {
      visit.asset = undefined;
      return (await runs.records.replace(claimed, { ...claimed.record, readyAsset: undefined })) ?? 'changed';
    }
  }
  if (error instanceof AssetNotVisibleError || error instanceof ScenarioInputError)
    return await reject(claimed.record, 'refused-by-scenario', error.message, submission);
  if (error instanceof DryRunPaidError) {
    await adoptPaidDryRun(claimed, error, submission);
    return 'changed';
  }
  // A refusal of the free calls concerns every upload, too.
  if (error instanceof ScenarioAccountError) {
    visit.passed = undefined;
    await gate.onRefused(error);
  }
  throw error;
}

/** Scenario may not find a new asset at once. Shorter than an invocation. */
const ASSET_SETTLES_MS = 2 * 60_000;
/** An asset that waited longer is not used. */
const ASSET_GOOD_MS = 3_600_000;

function findUnusedAsset({ sends, readyAsset }: RunRecord, visit: Visit): ReadyAsset | undefined {
  const { asset = readyAsset, submission } = visit;
  if (!asset || sends.some(({ assetId }) => assetId === asset.assetId)) return undefined;
  const madeAt = Date.parse(asset.madeAt);
  if (submission.clock.now() - madeAt > ASSET_GOOD_MS) return undefined;
  visit.asset = asset;
  visit.assetAt = madeAt;
  return asset;
}

/** Undefined if this invocation does not have the image. */
async function makeAsset({ runId, upload }: RunRecord, visit: Visit): Promise<ReadyAsset | undefined> {
  const { bytes, submission } = visit;
  const { clock, scenario, spendGuard } = submission;
  if (!bytes) return undefined;
  await spendGuard.check(clock.now());
  const { contentType = '' } = upload;
  const name = `${runId}.${contentType.replace('image/', '')}`;
  const assetId = await scenario.uploadImage({ bytes, name, contentType });
  visit.assetAt = clock.now();
  visit.asset = { assetId, madeAt: isoDate(visit.assetAt) };
  return visit.asset;
}

/** Keeps an input asset that no send has used on the record, for the next delivery of the upload. */
export async function keepAsset({ run, asset, submission: { runs } }: Visit): Promise<void> {
  const standing = asset && (await runs.records.read(run.runId));
  if (standing?.record.phase !== 'claimed') return;
  const { record, etag } = standing as Claimed;
  const isKept = [...record.sends, record.readyAsset].some((one) => one?.assetId === asset?.assetId);
  if (!isKept) await runs.records.replace({ record, etag }, { ...record, readyAsset: asset });
}

/** Settles sends that may have been taken. Without an age, the record has to be read again first. */
async function reconcile({ record, etag, ...read }: Claimed & { ageMs?: number }, submission: Submission) {
  if (read.ageMs !== undefined)
    await reconcileSends({ record, etag, ageMs: read.ageMs }, modelOf(record, submission), submission);
  return 'changed' as const;
}

/** Scenario refused the image or its parameters, and no job came of it. */
async function rejectRefused({ record }: Claimed, submission: Submission): Promise<Performed> {
  const reason = record.sends.at(-1)?.refusal?.reason ?? 'Scenario refused the image';
  return await reject(record, 'refused-by-scenario', reason, submission);
}

async function reject(run: Unclaimed, code: FailureCode, reason: string, submission: Submission) {
  return await end(run, { phase: 'rejected', failure: failure(code, reason) }, submission);
}

/** Ends a run that has not paid. If another invocation pays in the meantime, the record is read again. */
async function end(run: Unclaimed, outcome: Outcome, { runs, telemetry }: Submission): Promise<Performed> {
  const why = 'failure' in outcome ? outcome.failure : undefined;
  telemetry.log.info('concluded', { outcome: outcome.phase, failure: why });
  return (await conclude(run, outcome, runs)) === undefined ? 'changed' : 'done';
}
