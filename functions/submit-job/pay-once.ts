import { randomUUID } from 'node:crypto';
import { isoDate } from '../platform/clock.ts';
import type { Kept, RecordIn } from '../run/record.ts';
import type { GenerationRequest } from '../scenario/client.ts';
import { type DryRunPaidError, SubmissionUncertainError } from '../scenario/errors.ts';
import { TryLaterError } from './errors.ts';
import { SEND_MARGIN_MS } from './hold.ts';
import { type Adopted, findSentJob, type Reconciliation } from './reconcile.ts';
import type { Submission } from './submission.ts';

export type Claimed = Kept<RecordIn<'claimed'>>;
export type Sending = Kept<RecordIn<'sending'>>;

/** What a job would cost, in compute units, and when Scenario said so. */
export interface Quoted {
  readonly quote: number;
  readonly quotedAt: string;
}

/** A send starts within this after its write to `sending` was begun, so that the record's time bounds the send's. */
const SEND_WITHIN_MS = 10_000;
const TOO_LATE = 'too little time is left to pay';

/**
 * Wins the right to pay and pays, at once and once. A refusal leaves the run as if nothing had been sent; an uncertain
 * answer leaves it in `sending`.
 *
 * @throws TryLaterError when too little time is left
 */
export async function payOnce(
  claimed: Claimed,
  quoted: Quoted,
  request: GenerationRequest,
  submission: Submission,
): Promise<void> {
  const { clock, remainingMs, scenario, spendGuard, telemetry } = submission;
  if (remainingMs() < SEND_MARGIN_MS) throw new TryLaterError(TOO_LATE);
  const at = clock.now();
  await spendGuard.reserve({ runId: claimed.record.runId, cu: quoted.quote, at });
  const won = await claimSend(claimed, { assetId: request.assetId, quoted, at }, submission);
  if (!won) return;
  if (remainingMs() < SEND_MARGIN_MS || clock.now() - at > SEND_WITHIN_MS) {
    await releaseClaim(won, submission);
    throw new TryLaterError(TOO_LATE);
  }
  try {
    const jobId = await scenario.generate(request);
    await recordSubmitted(won, { jobId, sentAt: isoDate(at) }, submission);
  } catch (error) {
    // The record stays in `sending`, and the job list will tell.
    if (error instanceof SubmissionUncertainError)
      return telemetry.log.warn('uncertain whether the job was taken', { why: error.message });
    if (isRefusal(error)) await releaseClaim(won, submission);
    throw error;
  }
}

const REFUSALS = ['ScenarioBusyError', 'ScenarioAccountError', 'ScenarioInputError', 'ScenarioUnavailableError'];

function isRefusal(error: unknown): boolean {
  return error instanceof Error && REFUSALS.includes(error.name);
}

/** Undefined if somebody else was first. */
async function claimSend(
  claimed: Claimed,
  { assetId, quoted, at }: { assetId: string; quoted?: Quoted; at: number },
  { runs }: Submission,
): Promise<Sending | undefined> {
  const send = { assetId, sentAt: isoDate(at), sentBy: randomUUID() };
  const sends = [...claimed.record.sends, send];
  return await runs.records.replace(claimed, { ...claimed.record, ...quoted, sends, phase: 'sending' });
}

/** A day of refusals would make a record of a megabyte. */
const MAX_REFUSED_SENDS = 10;

/** Back to where it can be sent again: it is certain that no job came of the last send. */
async function releaseClaim(sending: Sending, { runs }: Submission): Promise<void> {
  const { sends } = sending.record;
  const marked = sends.map((send, n) => (n === sends.length - 1 ? { ...send, noJob: true as const } : send));
  const recent = new Set(marked.filter(({ noJob }) => noJob).slice(-MAX_REFUSED_SENDS));
  const kept = marked.filter((send) => !send.noJob || recent.has(send));
  await runs.records.replace(sending, { ...sending.record, sends: kept, phase: 'claimed' });
}

/** A dry run that was paid is a send like any other: its job is the run's. Without an id, the job list will tell. */
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
  sending: Sending,
  { jobId, sentAt }: Adopted,
  { runs, clock, telemetry }: Submission,
): Promise<void> {
  telemetry.log.appendKeys({ jobId });
  const accepted = { jobId, submittedAt: sentAt, acceptedAt: isoDate(clock.now()) };
  const written = await runs.records.replace(sending, { ...sending.record, ...accepted, phase: 'submitted' });
  if (!written) return;
  telemetry.count('Submitted', 1);
  telemetry.log.info('submitted', { cu: sending.record.quote });
}

/** A send of unknown outcome: adopts its job, or returns to where it may be sent again if there certainly is none. */
export async function reconcileSend(
  sending: Sending,
  ageMs: number,
  submission: Submission & Reconciliation,
): Promise<void> {
  const adopted = await findSentJob(sending.record, ageMs, submission);
  if (adopted) await recordSubmitted(sending, adopted, submission);
  else await submission.runs.records.replace(sending, { ...sending.record, phase: 'claimed' });
}
