import { isDeepStrictEqual } from 'node:util';
import { type FailureCode, failure } from '../contract/failures.ts';
import { DEFAULT_MODEL, modelWithId } from '../models/registry.ts';
import { isoDate } from '../platform/clock.ts';
import { conclude, type Outcome, republish, tooManyErrors } from '../run/conclude.ts';
import type { Step } from '../run/lifecycle.ts';
import type { Kept, RecordIn, RunRecord, Unclaimed } from '../run/record.ts';
import type { AnnouncedUpload } from '../run/upload.ts';
import { AssetNotVisibleError, DryRunPaidError, ScenarioAccountError, ScenarioInputError } from '../scenario/errors.ts';
import { hasManyRefusals, nextSendAt } from './bounds.ts';
import { TryLaterError } from './errors.ts';
import type { Passed } from './gate.ts';
import { adoptPaidDryRun, type Claimed, payOnce, type Quoted, reconcileSends } from './pay-once.ts';
import { type PreparedImage, prepareImage } from './prepare-image.ts';
import { startGeneration } from './start-generation.ts';
import type { Submission } from './submission.ts';

/** What this invocation has already done for the run, besides its record. A retry begins at the call that failed. */
export interface InHand {
  image?: PreparedImage;
  /** The input asset of the next send. */
  assetId?: string;
  /** When it was made, or first could not be made, in milliseconds since 1970. */
  assetAt?: number;
  quoted?: Quoted;
  passed?: Passed | undefined;
}

/** The run's record, if there is one. `ageMs` is known only if it was just read. */
export type Standing = (Kept & { readonly ageMs?: number }) | undefined;

/** The new record, if the step wrote it. `changed`: read the record again. */
export type Performed = Standing | 'changed' | 'done';

export interface Place {
  readonly run: Unclaimed;
  readonly announced: AnnouncedUpload;
  readonly standing: Standing;
  readonly inHand: InHand;
}

/** Whether the record holds the model and the parameters of the image in hand. */
export function isPrepared({ image }: InHand, standing: Standing): boolean {
  const { modelId, parameters } = standing?.record ?? {};
  return image !== undefined && modelId === image.model.id && isDeepStrictEqual(parameters, image.parameters);
}

export async function performStep(step: Step, place: Place, submission: Submission): Promise<Performed> {
  const { run, standing } = place;
  switch (step) {
    case 'prepare':
      return await prepare(place, submission);
    case 'submit':
      return await submit(place, submission);
    case 'reconcile':
      return await reconcile(standing, submission);
    case 'reject':
      return await rejectRefused(standing, submission);
    case 'start-generation':
      return await start(standing, submission);
    case 'give-up':
      return await end(run, tooManyErrors(), submission);
    case 'republish':
      await republish(run.runId, submission.runs);
      return 'done';
    case 'finish':
      return 'done';
  }
}

/** Reads the image, then creates the record or updates a claim. A claim keeps its sends. */
async function prepare({ run, announced, standing, inHand }: Place, submission: Submission): Promise<Performed> {
  const image = inHand.image ?? (await prepareImage(announced, submission));
  if ('outcome' in image) return await end({ ...run, ...image.seen }, image.outcome, submission);
  inHand.image = image;
  const { clock, runs } = submission;
  const { upload, model, parameters } = image;
  const claimedAt = isoDate(clock.now());
  const seen = { upload, modelId: model.id, parameters, phase: 'claimed' } as const;
  if (!standing) return (await runs.records.create({ ...run, claimedAt, ...seen })) ?? 'changed';
  const claimed = inPhase('claimed', standing);
  const updated = claimed && { claimedAt, ...claimed.record, ...seen, quote: undefined, quotedAt: undefined };
  return (updated && (await runs.records.replace(claimed, updated))) ?? 'changed';
}

export function inPhase<P extends RunRecord['phase']>(phase: P, standing: Standing) {
  return standing?.record.phase === phase ? (standing as Kept<RecordIn<P>> & { ageMs?: number }) : undefined;
}

/** Uploads the image, gets a quote, and pays. Skips what is already done. */
async function submit({ standing, inHand }: Place, submission: Submission): Promise<Performed> {
  const claimed = inPhase('claimed', standing);
  if (!claimed || !inHand.image) return 'changed';
  const waitMs = nextSendAt(claimed.record) - submission.clock.now();
  if (waitMs > 0) throw waitToSend(claimed, waitMs, submission);
  try {
    const passed = await submission.gate.pass(inHand.passed);
    inHand.passed = passed;
    const { model, parameters } = inHand.image;
    const assetId = await takeAsset(claimed, inHand.image, inHand, submission);
    const request = { modelId: model.id, assetId, inputs: { ...parameters, [model.imageInput]: assetId } };
    const quoted = await takeQuote(claimed, inHand, () => submission.scenario.quote(request), submission);
    const { maxCuPerRun } = submission.settings;
    if (quoted.quote > maxCuPerRun) {
      const reason = `this would cost ${quoted.quote} compute units; at most ${maxCuPerRun} are allowed per image`;
      return await reject({ ...claimed.record, ...quoted }, 'over-cu-limit', reason, submission);
    }
    await payOnce(claimed, { quoted, request, passed }, submission);
  } catch (error) {
    const isLate = error instanceof AssetNotVisibleError && isSettled(inHand, submission);
    if (isLate || error instanceof ScenarioInputError)
      return await reject(claimed.record, 'refused-by-scenario', error.message, submission);
    // A refusal of the free calls concerns every upload, too.
    if (error instanceof ScenarioAccountError) {
      inHand.passed = undefined;
      await submission.gate.onRefused(error);
    }
    if (!(error instanceof DryRunPaidError)) throw error;
    await adoptPaidDryRun(claimed, error, submission);
  }
  return 'changed';
}

/** Scenario may not find a new asset at once. Shorter than an invocation. */
const ASSET_SETTLES_MS = 2 * 60_000;

function isSettled(inHand: InHand, { clock }: Submission): boolean {
  inHand.assetAt ??= clock.now();
  return clock.now() - inHand.assetAt > ASSET_SETTLES_MS;
}

function waitToSend({ record }: Claimed, waitMs: number, { telemetry }: Submission): TryLaterError {
  if (hasManyRefusals(record)) {
    telemetry.count('ManySends', 1);
    telemetry.log.error('many refusals that are not from Scenario itself: a person has to look', {
      refusals: record.sends.length,
    });
  }
  return new TryLaterError('the run was refused and sends again later', waitMs / 1000);
}

/** Returns an asset that no send has used yet. Each send has its own. */
async function takeAsset(
  { record: { runId, sends } }: Claimed,
  { bytes, upload: { contentType = '' } }: PreparedImage,
  inHand: InHand,
  { scenario, spendGuard, clock }: Submission,
): Promise<string> {
  const unused = sends.some(({ assetId }) => assetId === inHand.assetId) ? undefined : inHand.assetId;
  if (unused !== undefined) return unused;
  await spendGuard.check({ runId, at: clock.now() });
  const name = `${runId}.${contentType.replace('image/', '')}`;
  inHand.assetId = await scenario.uploadImage({ bytes, name, contentType });
  inHand.assetAt = clock.now();
  return inHand.assetId;
}

/** After this time, the price may have changed. */
const QUOTE_GOOD_MS = 10 * 60_000;

async function takeQuote(
  { record }: Claimed,
  inHand: InHand,
  ask: () => Promise<number>,
  { clock }: Submission,
): Promise<Quoted> {
  const { quote, quotedAt } = inHand.quoted ?? record;
  const isFresh = quotedAt !== undefined && clock.now() - Date.parse(quotedAt) < QUOTE_GOOD_MS;
  if (isFresh && quote !== undefined) return { quote, quotedAt };
  inHand.quoted = { quote: await ask(), quotedAt: isoDate(clock.now()) };
  return inHand.quoted;
}

async function reconcile(standing: Standing, submission: Submission): Promise<Performed> {
  const unsettled = inPhase('sending', standing) ?? inPhase('claimed', standing);
  if (!unsettled) return 'changed';
  const { record, etag, ageMs } = unsettled;
  // The age is known only if the record was just read.
  if (ageMs !== undefined) await reconcileSends({ record, etag, ageMs }, modelOf(record, submission), submission);
  return 'changed';
}

/** Scenario refused the image or its parameters, and no job came of it. */
async function rejectRefused(standing: Standing, submission: Submission): Promise<Performed> {
  const refused = inPhase('claimed', standing)?.record;
  const reason = refused?.sends.at(-1)?.refusal?.reason;
  if (!refused || reason === undefined) return 'changed';
  return await reject(refused, 'refused-by-scenario', reason, submission);
}

async function start(standing: Standing, submission: Submission): Promise<Performed> {
  const submitted = inPhase('submitted', standing)?.record;
  if (!submitted) return 'changed';
  await startGeneration(submitted, modelOf(submitted, submission), submission);
  return 'done';
}

function modelOf({ modelId = DEFAULT_MODEL.id }: RunRecord, { settings }: Submission) {
  return modelWithId(modelId, settings.models);
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
