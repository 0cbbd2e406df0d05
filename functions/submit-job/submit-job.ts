import { isDeepStrictEqual } from 'node:util';
import type { S3Client } from '@aws-sdk/client-s3';
import { type AnswerTools, answer, type Outcome, publish, type Unclaimed } from '../shared/answer.ts';
import { ScenarioInputError, TryLaterError } from '../shared/errors.ts';
import { failure } from '../shared/failure.ts';
import { type ParameterSettings, resolveParameters } from '../shared/parameters.ts';
import type { RecordIn } from '../shared/record.ts';
import { manifestKey, runIdOf } from '../shared/run.ts';
import type { Scenario } from '../shared/scenario.ts';
import type { Parameters as TripoParameters } from '../shared/tripo.ts';
import { type HoldTools, held } from './hold.ts';
import { type Found, readImage, uploadOf } from './image.ts';
import { type Again, type Claimed, type PayTools, payOnce, settle } from './pay-once.ts';
import type { StartGeneration } from './start-generation.ts';
import type { AnnouncedUpload } from './upload.ts';
import { errorOf } from '../shared/error-of.ts';

export interface SubmitTools extends AnswerTools, HoldTools, PayTools {
  readonly s3: S3Client;
  readonly scenario: Scenario;
  readonly startGeneration: StartGeneration;
  readonly parameterSettings: ParameterSettings;
  /** Compute units; a dearer quote rejects the upload. */
  readonly maxCuPerRun: number;
}

/** Unexpected errors after which the run is answered as failed. */
const MOST_ATTEMPTS = 5;
/**
 * Brings one upload to a paid job and a running execution, or to an answer why not. Safe to call again at any time,
 * and twice at once: what was done is read from the record, and only the winner of the write to `sending` may pay.
 *
 * @throws TryLaterError when the message has to come back; any other error is unexpected and counted
 */
export async function submitJob(announced: AnnouncedUpload, tools: SubmitTools): Promise<void> {
  const { bucket, key, versionId, sequencer } = announced;
  const runId = runIdOf({ bucket, key, version: versionId ?? sequencer });
  const run: Unclaimed = { schemaVersion: '1.0', runId, upload: uploadOf(announced), sends: [], attempts: 0 };
  tools.log.appendKeys({ runId });
  try {
    while (await held(() => advance(run, announced, tools), tools))
      tools.log.info('the record moved on, reading it again');
  } catch (error) {
    if (error instanceof TryLaterError || !(await countAttempt(run, error, tools))) throw error;
  }
}

async function advance(run: Unclaimed, announced: AnnouncedUpload, tools: SubmitTools): Promise<Again> {
  const kept = await tools.records.read(run.runId);
  if (!kept && (await isAnswered(run, tools))) return false;
  if (!kept) return await prepare(run, announced, undefined, tools);
  const { record, etag, writtenAt } = kept;
  switch (record.phase) {
    case 'stored':
      return false;
    case 'rejected':
      await publish(run.runId, tools);
      return false;
    case 'failed':
      if (record.jobId === undefined) await publish(run.runId, tools);
      return false;
    case 'submitted':
      await tools.startGeneration(record);
      return false;
    case 'sending':
      return await settle({ record, etag }, writtenAt, tools);
    case 'claimed':
      if (record.attempts >= MOST_ATTEMPTS)
        return await giveUp(run, 'five attempts ended in unexpected errors', tools);
      return await prepare(run, announced, { record, etag }, tools);
  }
}

/** A record that somebody removed must not buy a second job. */
async function isAnswered({ runId, upload }: Unclaimed, { objects }: SubmitTools): Promise<boolean> {
  return (await objects.read(manifestKey(upload.key, runId))) !== undefined;
}

/** Everything before the claim is free: is there an image, and do its parameters make sense? */
async function prepare(
  run: Unclaimed,
  announced: AnnouncedUpload,
  standing: Claimed | undefined,
  tools: SubmitTools,
): Promise<Again> {
  const found = await readImage(announced, tools.s3);
  const seen = { ...run, upload: found.upload };
  if (found.kind === 'gone') return await end(seen, { phase: 'failed', failure: found.failure }, tools);
  if (found.kind === 'unusable') return await end(seen, { phase: 'rejected', failure: found.failure }, tools);
  const resolved = resolveParameters(run.upload.key, found.metadata, tools.parameterSettings);
  if ('failure' in resolved) return await end(seen, { phase: 'rejected', failure: resolved.failure }, tools);

  const claimed = await claim(seen, resolved.parameters, standing, tools);
  return claimed ? await send(claimed, found, tools) : true;
}

/** Undefined when somebody else was first. A claim that stands already is kept, with its quote. */
async function claim(
  seen: Unclaimed,
  parameters: TripoParameters,
  standing: Claimed | undefined,
  tools: SubmitTools,
): Promise<Claimed | undefined> {
  if (standing && isDeepStrictEqual(standing.record.parameters, parameters)) return standing;
  const { sends, attempts } = standing?.record ?? seen;
  const claimed = await tools.records.write(
    { ...seen, sends, attempts, parameters, phase: 'claimed' },
    standing,
  );
  return claimed?.record.phase === 'claimed' ? { ...claimed, record: claimed.record } : undefined;
}

/** Answers a run for which nothing was paid. If somebody pays meanwhile, the record is read again instead. */
async function end(run: Unclaimed, outcome: Outcome, tools: SubmitTools): Promise<Again> {
  tools.log.info('answered', {
    outcome: outcome.phase,
    ...('failure' in outcome && { failure: outcome.failure }),
  });
  return (await answer(run, outcome, tools)) === undefined;
}

/** Uploads a fresh input asset, asks the price, wins the right to pay, and pays, once. */
async function send(
  claimed: Claimed,
  image: Extract<Found, { kind: 'image' }>,
  tools: SubmitTools,
): Promise<Again> {
  const { record } = claimed;
  const { parameters, runId } = record;
  if (!parameters) throw new Error(`the claimed record of ${runId} has no parameters`);
  const contentType = record.upload.contentType ?? '';
  const extension = contentType.replace('image/', '');
  try {
    const assetId = await tools.scenario.uploadImage({
      bytes: image.bytes,
      name: `${runId}.${extension}`,
      contentType,
    });
    const input = { ...parameters, image: assetId };
    const quote = freshQuote(record, tools.now()) ?? (await tools.scenario.quote(input));
    if (quote > tools.maxCuPerRun)
      return await end(record, { phase: 'rejected', failure: overLimit(quote, tools) }, tools);
    return await payOnce(claimed, quote, input, tools);
  } catch (error) {
    if (!(error instanceof ScenarioInputError)) throw error;
    return await end(
      record,
      { phase: 'rejected', failure: failure('refused-by-scenario', error.message) },
      tools,
    );
  }
}

/** While an upload is held, its price is not asked for again at every try; after a longer hold it may have changed. */
const QUOTE_GOOD_MS = 10 * 60_000;

function freshQuote({ quote, sends }: RecordIn<'claimed'>, now: number): number | undefined {
  const sentAt = Date.parse(sends.at(-1)?.sentAt ?? '');
  return now - sentAt < QUOTE_GOOD_MS ? quote : undefined;
}

function overLimit(quote: number, { maxCuPerRun }: SubmitTools) {
  return failure(
    'over-cu-limit',
    `this would cost ${quote} compute units; at most ${maxCuPerRun} are allowed per image`,
  );
}

/**
 * An error nobody expected. Counted in the record only while nothing was sent: a paid job is never buried.
 *
 * @returns whether that was the last straw and the run is answered
 */
async function countAttempt(run: Unclaimed, error: unknown, tools: SubmitTools): Promise<boolean> {
  const kept = await tools.records.read(run.runId);
  if (kept && kept.record.phase !== 'claimed') return false;
  if (!kept && (await isAnswered(run, tools))) return false;
  const before = kept?.record ?? run;
  const attempts = before.attempts + 1;
  const counted = await tools.records.write({ ...before, attempts, phase: 'claimed' }, kept);
  if (!counted || attempts < MOST_ATTEMPTS) return false;
  tools.log.error('given up', { error: errorOf(error) });
  const last = error instanceof Error ? error.message : String(error);
  return !(await giveUp(run, `an unexpected error, ${MOST_ATTEMPTS} times in a row: ${last}`, tools));
}

async function giveUp(run: Unclaimed, reason: string, tools: SubmitTools): Promise<Again> {
  return await end(run, { phase: 'failed', failure: failure('internal', reason) }, tools);
}
