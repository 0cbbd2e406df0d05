import { isDeepStrictEqual } from 'node:util';
import type { S3Client } from '@aws-sdk/client-s3';
import { type AnswerTools, answer, type Outcome, publish, type Unclaimed } from '../run/conclude.ts';
import { DryRunPaidError, ScenarioInputError, TryLaterError } from '../platform/errors.ts';
import { type Failure, failure } from '../contract/failures.ts';
import { givenUp, MOST_ATTEMPTS } from '../run/given-up.ts';
import { type ParameterSettings, resolveParameters } from '../models/parameters.ts';
import type { RecordIn } from '../run/record.ts';
import { manifestKey } from '../run/upload.ts';
import type { Scenario } from '../scenario/client.ts';
import type { ModelInput, Parameters as TripoParameters } from '../models/tripo-3-1.ts';
import { type Again, againIn } from './on-duplicate.ts';
import { type AnnouncedUpload, runIdOfUpload } from '../run/upload-message.ts';
import { type HoldTools, held } from './hold.ts';
import { type Found, readImage, uploadOf } from './read-image.ts';
import {
  type Claimed,
  type PayTools,
  payOnce,
  type Quoted,
  type ReadAgain,
  sentUnasked,
  settle,
} from './pay-once.ts';
import { earlierResult } from './reuse.ts';
import type { StartGeneration } from './start-generation.ts';
import { errorOf } from '../platform/to-error.ts';

export interface SubmitTools extends AnswerTools, HoldTools, PayTools {
  readonly s3: S3Client;
  readonly scenario: Scenario;
  readonly startGeneration: StartGeneration;
  readonly parameterSettings: ParameterSettings;
  /** For uploads that don't say it themselves. */
  readonly again: Again;
  /** Compute units; a dearer quote rejects the upload. */
  readonly maxCuPerRun: number;
}

/**
 * Brings one upload to a paid job and a running execution, or to an answer why not. Safe to call again at any time,
 * and twice at once: what was done is read from the record, and only the winner of the write to `sending` may pay.
 *
 * @throws TryLaterError when the message has to come back; any other error is unexpected and counted
 */
export async function submitJob(announced: AnnouncedUpload, tools: SubmitTools): Promise<void> {
  const runId = runIdOfUpload(announced);
  const run: Unclaimed = { schemaVersion: '1.0', runId, upload: uploadOf(announced), sends: [], attempts: 0 };
  tools.log.appendKeys({ runId });
  try {
    while (await held(() => advance(run, announced, tools), tools))
      tools.log.info('the record moved on, reading it again');
  } catch (error) {
    if (error instanceof TryLaterError || !(await countAttempt(run, error, tools))) throw error;
  }
}

async function advance(run: Unclaimed, announced: AnnouncedUpload, tools: SubmitTools): Promise<ReadAgain> {
  const kept = await tools.records.read(run.runId);
  // Without a record there may be an answer all the same: the record was removed, or has come this very moment.
  if (!kept && (await isAnswered(run, tools))) return (await tools.records.read(run.runId)) !== undefined;
  if (!kept) return await prepare(run, announced, undefined, tools);
  const { record, etag, ageMs } = kept;
  switch (record.phase) {
    case 'stored':
      // What a job gave is announced by the machine; what was reused, by this function alone.
      if (record.reusedFrom !== undefined) await publish(run.runId, tools);
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
      return await settle({ record, etag }, ageMs, tools);
    case 'claimed':
      if (record.attempts >= MOST_ATTEMPTS) return await end(run, givenUp(), tools);
      return await prepare(run, announced, { record, etag }, tools);
  }
}

/** A record that somebody removed must not buy a second job. */
async function isAnswered({ runId, upload }: Unclaimed, { objects }: SubmitTools): Promise<boolean> {
  return await objects.exists(manifestKey(upload.key, runId));
}

/** Everything before the claim is free: is there an image, and do its parameters make sense? */
async function prepare(
  run: Unclaimed,
  announced: AnnouncedUpload,
  standing: Claimed | undefined,
  tools: SubmitTools,
): Promise<ReadAgain> {
  const found = await readImage(announced, tools.s3);
  const seen = { ...run, upload: found.upload };
  if (found.kind === 'gone') return await end(seen, { phase: 'failed', failure: found.failure }, tools);
  if (found.kind === 'unusable') return await reject(seen, found.failure, tools);
  const resolved = resolveParameters(run.upload.key, found.metadata, tools.parameterSettings);
  if ('failure' in resolved) return await reject(seen, resolved.failure, tools);
  const { parameters } = resolved;
  const said = againIn(found.metadata, tools.again);
  if ('failure' in said) return await reject(seen, said.failure, tools);
  const earlier = said.again === 'reuse' && (await earlierResult(seen.upload, parameters, tools));
  if (earlier) return await end({ ...seen, parameters }, earlier, tools);

  const claimed = await claim(seen, parameters, standing, tools);
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
  const claimedAt = standing?.record.claimedAt ?? new Date(tools.now()).toISOString();
  const claimed = await tools.records.write(
    { ...seen, sends, attempts, parameters, claimedAt, phase: 'claimed' },
    standing,
  );
  return claimed?.record.phase === 'claimed' ? { ...claimed, record: claimed.record } : undefined;
}

/** Answers a run for which nothing was paid. If somebody pays meanwhile, the record is read again instead. */
async function end(run: Unclaimed, outcome: Outcome, tools: SubmitTools): Promise<ReadAgain> {
  const why = 'failure' in outcome ? outcome.failure : undefined;
  tools.log.info('answered', { outcome: outcome.phase, failure: why });
  return (await answer(run, outcome, tools)) === undefined;
}

async function reject(run: Unclaimed, failure: Failure, tools: SubmitTools): Promise<ReadAgain> {
  return await end(run, { phase: 'rejected', failure }, tools);
}

/** Uploads a fresh input asset, asks the price, wins the right to pay, and pays, once. */
async function send(claimed: Claimed, image: Extract<Found, { kind: 'image' }>, tools: SubmitTools) {
  const { record } = claimed;
  const { parameters, runId } = record;
  if (!parameters) throw new Error(`the claimed record of ${runId} has no parameters`);
  const contentType = record.upload.contentType ?? '';
  const name = `${runId}.${contentType.replace('image/', '')}`;
  await held(() => tools.spendGuard.check({ runId, at: tools.now() }), tools);
  try {
    const assetId = await tools.scenario.uploadImage({ bytes: image.bytes, name, contentType });
    const input = { ...parameters, image: assetId };
    const quoted = freshQuote(record, tools.now()) ?? (await askedQuote(input, tools));
    if (quoted.quote > tools.maxCuPerRun)
      return await reject({ ...record, ...quoted }, overLimit(quoted, tools), tools);
    return await payOnce(claimed, quoted, input, tools);
  } catch (error) {
    if (error instanceof DryRunPaidError) return await sentUnasked(claimed, error, tools);
    if (!(error instanceof ScenarioInputError)) throw error;
    return await reject(record, failure('refused-by-scenario', error.message), tools);
  }
}

/** While an upload is held, its price is not asked for again at every try; after a longer hold it may have changed. */
const QUOTE_GOOD_MS = 10 * 60_000;

function freshQuote({ quote, quotedAt }: RecordIn<'claimed'>, now: number): Quoted | undefined {
  if (quote === undefined || quotedAt === undefined) return undefined;
  return now - Date.parse(quotedAt) < QUOTE_GOOD_MS ? { quote, quotedAt } : undefined;
}

async function askedQuote(input: ModelInput, { scenario, now }: SubmitTools): Promise<Quoted> {
  const quote = await scenario.quote(input);
  return { quote, quotedAt: new Date(now()).toISOString() };
}

function overLimit({ quote }: Quoted, { maxCuPerRun }: SubmitTools): Failure {
  const limit = `at most ${maxCuPerRun} are allowed per image`;
  return failure('over-cu-limit', `this would cost ${quote} compute units; ${limit}`);
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
  return !(await end(run, givenUp(errorOf(error).message), tools));
}
