import { randomUUID } from 'node:crypto';
import { isoDate } from '../platform/clock.ts';
import type { Kept, RecordIn, Refusal, RunRecord } from '../run/record.ts';
import { type Claim, renewClaim } from '../run/result-index.ts';
import type { GenerationRequest } from '../scenario/client.ts';
import {
  AssetNotVisibleError,
  type DryRunPaidError,
  ScenarioAccountError,
  ScenarioBusyError,
  ScenarioInputError,
  ScenarioUnavailableError,
  SubmissionUncertainError,
} from '../scenario/errors.ts';
import { hasManyRefusals, nextSendAt, proofBoundMs } from './bounds.ts';
import { TryLaterError } from './errors.ts';
import type { Passed } from './gate.ts';
import { SEND_MARGIN_MS } from './hold.ts';
import type { Adopted } from './look.ts';
import type { Quoted } from './quotes.ts';
import { settleSends, type Unsettled } from './settle-sends.ts';
import type { Submission } from './submission.ts';
import type { Model } from '../models/model.ts';

export type Claimed = Kept<RecordIn<'claimed'>>;
type Sending = Kept<RecordIn<'sending'>>;

/** What is about to be paid. */
export interface Order {
  readonly quoted: Quoted;
  readonly request: GenerationRequest;
  readonly passed: Passed;
  /** The entry of the picture in the index. Undefined if the upload asks for a model of its own. */
  readonly claim: Claim | undefined;
}

/** A send starts within this time after its write to `sending`, so that the record's age bounds the send's. */
const SEND_WITHIN_MS = 10_000;
const TOO_LATE = 'too little time is left to pay';

/**
 * Wins the right to pay, and pays once. Afterwards the record is `submitted`, or `claimed` with the refusal on its
 * send, or still `sending` if the outcome is unknown.
 *
 * @throws TryLaterError if too little time is left, or after a refusal: the job list has to settle it first
 */
export async function payOnce(
  claimed: Claimed,
  { quoted, request, passed, claim }: Order,
  submission: Submission,
): Promise<void> {
  const { clock, gate, remainingMs, scenario, sharedLook, spendGuard, telemetry } = submission;
  if (remainingMs() < SEND_MARGIN_MS) throw new TryLaterError(TOO_LATE);
  const at = clock.now();
  const send = { assetId: request.assetId, sentAt: isoDate(at) };
  await spendGuard.check(at, quoted.quote);
  const { runId } = claimed.record;
  // The claim is renewed last, so that no other run buys the picture from here on.
  const isOurs = !claim || (await renewClaim(claim, runId, send, submission.runs.documents));
  const won = isOurs && (await claimSend(claimed, { ...send, quoted }, submission));
  if (!won) return;
  try {
    await spendGuard.reserve({ ...send, at }, quoted.quote);
    if (remainingMs() < SEND_MARGIN_MS || clock.now() - at > SEND_WITHIN_MS) throw new TryLaterError(TOO_LATE);
  } catch (error) {
    await recordOutcome(won, { noJob: true }, submission);
    throw error;
  }
  const taken = await scenario.generate(request).catch((error: unknown) => whyNot(error, clock.now()));
  if (typeof taken === 'string') {
    await recordSubmitted(won, { jobId: taken, sentAt: send.sentAt }, submission);
    await sharedLook.add(taken);
    await gate.open(passed);
    return;
  }
  // The record stays in `sending`. The job list tells the outcome.
  if (!taken.outcome)
    return telemetry.log.warn('it is unknown whether the job was taken', { why: taken.error.message });
  const refused = await recordOutcome(won, taken.outcome, submission);
  if (!refused) return;
  await gate.onRefused(taken.error);
  if (taken.error instanceof ScenarioAccountError) telemetry.count('AccountRefused', 1);
  if (taken.outcome.noJob) throw taken.error;
  const { retryAfterSeconds = 0 } = taken.error instanceof ScenarioBusyError ? taken.error : {};
  // Earlier looks can't prove anything, and Scenario rarely starts a job that it has refused.
  const waitMs = Math.max(nextSendAt(refused.record) - clock.now(), proofBoundMs(refused.record));
  throw sendLater(refused.record, taken.error.message, Math.max(retryAfterSeconds, waitMs / 1000), submission);
}

/** Also rings if the run has been refused so often that a person has to look. */
export function sendLater(record: RunRecord, why: string, inSeconds: number, { telemetry }: Submission): TryLaterError {
  if (hasManyRefusals(record)) {
    telemetry.count('ManySends', 1);
    telemetry.log.error('many refusals that are not from Scenario itself: a person has to look', {
      refusals: record.sends.length,
    });
  }
  return new TryLaterError(why, inSeconds);
}

type Outcome = Pick<Unsettled['record']['sends'][number], 'refusal' | 'noJob'>;

const KINDS = [
  [ScenarioBusyError, 'busy'],
  [ScenarioAccountError, 'account'],
  [ScenarioInputError, 'input'],
  [AssetNotVisibleError, 'other'],
  [ScenarioUnavailableError, 'other'],
] as const;

/** Without an outcome, the request may have been taken. @throws any error that does not come from the paid call */
function whyNot(error: unknown, now: number): { readonly error: Error; readonly outcome?: Outcome } {
  if (error instanceof SubmissionUncertainError) return { error };
  for (const [type, kind] of KINDS) {
    if (!(error instanceof type)) continue;
    const { refused, message } = error;
    if (!refused) return { error, outcome: { noJob: true } };
    const refusal: Refusal = { at: isoDate(now), status: refused.status, own: refused.isOwn, kind, reason: message };
    return { error, outcome: { refusal } };
  }
  throw error;
}

/** Undefined if another invocation was first. */
async function claimSend(
  claimed: Claimed,
  { assetId, sentAt, quoted }: { assetId: string; sentAt: string; quoted?: Quoted },
  { runs }: Submission,
): Promise<Sending | undefined> {
  const sends = [...claimed.record.sends, { assetId, sentAt, sentBy: randomUUID() }];
  const sending = { ...claimed.record, ...quoted, sends, readyAsset: undefined, phase: 'sending' } as const;
  return await runs.records.replace(claimed, sending);
}

/** Writes the outcome of the send, by its own sender. Undefined if another invocation was first. */
async function recordOutcome({ record, etag }: Sending, outcome: Outcome, { runs, spendGuard }: Submission) {
  if (outcome.noJob) await spendGuard.credit(record.sends.slice(-1));
  const sends = record.sends.map((send, n) => (n === record.sends.length - 1 ? { ...send, ...outcome } : send));
  return await runs.records.replace({ record, etag }, { ...record, sends, phase: 'claimed' });
}

/** Treats a dry run that was charged as a send: its job becomes the run's job. Without an ID, the job list tells. */
export async function adoptPaidDryRun(
  claimed: Claimed,
  { paid: { assetId, jobId, cu = 0 }, message }: DryRunPaidError,
  submission: Submission,
): Promise<void> {
  const { clock, spendGuard, telemetry } = submission;
  telemetry.count('AccountRefused', 1);
  telemetry.log.error('paid for a dry run', { why: message });
  const at = clock.now();
  const send = { assetId, sentAt: isoDate(at) };
  await spendGuard.enter({ assetId, at }, cu);
  const won = await claimSend(claimed, send, submission);
  if (won && jobId !== undefined) await recordSubmitted(won, { jobId, ...send }, submission);
}

/** Records the paid job before anything else is done with it. The execution starts from the record. */
async function recordSubmitted(
  { record, etag }: Kept<RecordIn<'claimed' | 'sending'>>,
  { jobId, sentAt }: Adopted,
  { runs, clock, telemetry }: Submission,
): Promise<void> {
  telemetry.log.appendKeys({ jobId });
  const accepted = { jobId, submittedAt: sentAt, acceptedAt: isoDate(clock.now()) };
  const written = await runs.records.replace({ record, etag }, { ...record, ...accepted, phase: 'submitted' });
  if (!written) return;
  telemetry.count('Submitted', 1);
  telemetry.count('CuSubmitted', record.quote ?? 0);
  telemetry.log.info('submitted', { cu: record.quote });
}

/** Settles sends that may have been taken: adopts their job, or writes the proof that there is none. */
export async function reconcileSends(unsettled: Unsettled, model: Model, submission: Submission): Promise<void> {
  const adopted = await settleSends(unsettled, { ...submission, model });
  if (adopted) return await recordSubmitted(unsettled, adopted, submission);
  const { record, etag } = unsettled;
  await submission.spendGuard.credit(record.sends.filter(({ noJob }) => !noJob));
  const sends = record.sends.map((send) => ({ ...send, noJob: true as const }));
  await submission.runs.records.replace({ record, etag }, { ...record, sends, phase: 'claimed' });
}
