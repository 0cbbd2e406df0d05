import { randomUUID } from 'node:crypto';
import { isoDate } from '../platform/clock.ts';
import type { Kept, RecordIn, Refusal } from '../run/record.ts';
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
import { nextSendAt } from './bounds.ts';
import { TryLaterError } from './errors.ts';
import type { Passed } from './gate.ts';
import { SEND_MARGIN_MS } from './hold.ts';
import type { Adopted } from './look.ts';
import { settleSends, type Unsettled } from './settle-sends.ts';
import type { Submission } from './submission.ts';
import type { Model } from '../models/model.ts';

export type Claimed = Kept<RecordIn<'claimed'>>;
type Sending = Kept<RecordIn<'sending'>>;

/** What a job would cost, in compute units, and when Scenario quoted it. */
export interface Quoted {
  readonly quote: number;
  readonly quotedAt: string;
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
  { quoted, request, passed }: { quoted: Quoted; request: GenerationRequest; passed: Passed },
  submission: Submission,
): Promise<void> {
  const { clock, gate, remainingMs, scenario, spendGuard, telemetry } = submission;
  if (remainingMs() < SEND_MARGIN_MS) throw new TryLaterError(TOO_LATE);
  const at = clock.now();
  await spendGuard.reserve({ runId: claimed.record.runId, cu: quoted.quote, at });
  const won = await claimSend(claimed, { assetId: request.assetId, quoted, at }, submission);
  if (!won) return;
  if (remainingMs() < SEND_MARGIN_MS || clock.now() - at > SEND_WITHIN_MS) {
    await recordOutcome(won, { noJob: true }, submission);
    throw new TryLaterError(TOO_LATE);
  }
  const taken = await scenario.generate(request).catch((error: unknown) => whyNot(error, clock.now()));
  if (typeof taken === 'string') {
    await recordSubmitted(won, { jobId: taken, sentAt: isoDate(at) }, submission);
    await gate.open(passed);
    return;
  }
  // The record stays in `sending`. The job list tells the outcome.
  if (!taken.outcome)
    return telemetry.log.warn('it is unknown whether the job was taken', { why: taken.error.message });
  const refused = await recordOutcome(won, taken.outcome, submission);
  if (!refused) return;
  await gate.onRefused(taken.error);
  if (taken.outcome.noJob) throw taken.error;
  const { retryAfterSeconds = 0 } = taken.error instanceof ScenarioBusyError ? taken.error : {};
  const waitSeconds = (nextSendAt(refused.record) - clock.now()) / 1000;
  throw new TryLaterError(taken.error.message, Math.max(retryAfterSeconds, waitSeconds));
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
  { assetId, quoted, at }: { assetId: string; quoted?: Quoted; at: number },
  { runs }: Submission,
): Promise<Sending | undefined> {
  const send = { assetId, sentAt: isoDate(at), sentBy: randomUUID() };
  const sends = [...claimed.record.sends, send];
  return await runs.records.replace(claimed, { ...claimed.record, ...quoted, sends, phase: 'sending' });
}

/** Writes the outcome of the send, by its own sender. Undefined if another invocation was first. */
async function recordOutcome({ record, etag }: Sending, outcome: Outcome, { runs }: Submission) {
  const sends = record.sends.map((send, n) => (n === record.sends.length - 1 ? { ...send, ...outcome } : send));
  return await runs.records.replace({ record, etag }, { ...record, sends, phase: 'claimed' });
}

/** Treats a dry run that was charged as a send: its job becomes the run's job. Without an ID, the job list tells. */
export async function adoptPaidDryRun(
  claimed: Claimed,
  { paid: { assetId, jobId }, message }: DryRunPaidError,
  submission: Submission,
): Promise<void> {
  const { clock, telemetry } = submission;
  telemetry.count('AccountRefused', 1);
  telemetry.log.error('paid for a dry run', { why: message });
  const at = clock.now();
  const won = await claimSend(claimed, { assetId, at }, submission);
  if (won && jobId !== undefined) await recordSubmitted(won, { jobId, sentAt: isoDate(at) }, submission);
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
  telemetry.log.info('submitted', { cu: record.quote });
}

/** Settles sends that may have been taken: adopts their job, or writes the proof that there is none. */
export async function reconcileSends(unsettled: Unsettled, model: Model, submission: Submission): Promise<void> {
  const adopted = await settleSends(unsettled, { ...submission, model });
  if (adopted) return await recordSubmitted(unsettled, adopted, submission);
  const { record, etag } = unsettled;
  const sends = record.sends.map((send) => ({ ...send, noJob: true as const }));
  await submission.runs.records.replace({ record, etag }, { ...record, sends, phase: 'claimed' });
}
