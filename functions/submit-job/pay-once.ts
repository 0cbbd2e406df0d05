import { randomUUID } from 'node:crypto';
import { type DryRunPaidError, SubmissionUncertainError, TryLaterError } from '../platform/errors.ts';
import type { Kept, RecordIn, Records } from '../run/record.ts';
import type { Scenario } from '../scenario/client.ts';
import type { ModelInput } from '../models/tripo-3-1.ts';
import { type HoldTools, held, SEND_MARGIN_MS } from './hold.ts';
import { type ReconcileTools, reconcile } from './reconcile.ts';
import type { SpendGuard } from '../spending/spend-guard.ts';

/** Whether the record has to be read again, because it has changed meanwhile. */
export type ReadAgain = boolean;

export type Claimed = Kept<RecordIn<'claimed'>>;
export type Sending = Kept<RecordIn<'sending'>>;

export interface PayTools extends HoldTools, ReconcileTools {
  readonly scenario: Pick<Scenario, 'generate' | 'job' | 'jobsSince'>;
  readonly records: Records;
  readonly spendGuard: SpendGuard;
}

/** What a job would cost, in compute units, and when Scenario said so. */
export interface Quoted {
  readonly quote: number;
  readonly quotedAt: string;
}

/** A send starts within this after its record was won, so that the record's time bounds the send's. */
const SEND_WITHIN_MS = 10_000;

/** Wins the right to pay, and pays, at once and once. */
export async function payOnce(
  claimed: Claimed,
  quoted: Quoted,
  input: ModelInput,
  tools: PayTools,
): Promise<ReadAgain> {
  const at = await held(() => reservedAt(claimed, quoted.quote, tools), tools);
  const won = await winSend(claimed, { assetId: input.image, quoted, at }, tools);
  if (!won) return true;
  if (tools.remainingMs() < SEND_MARGIN_MS || tools.now() - at > SEND_WITHIN_MS) {
    await withoutJob(won, tools);
    throw new TryLaterError(TOO_LATE);
  }
  return await pay(won, input, tools);
}

const TOO_LATE = 'too little time is left to pay in';

/** Takes the price from the day's compute units, and returns the moment that the send counts from. */
async function reservedAt({ record }: Claimed, quote: number, tools: PayTools): Promise<number> {
  if (tools.remainingMs() < SEND_MARGIN_MS) throw new TryLaterError(TOO_LATE);
  const at = tools.now();
  await tools.spendGuard.reserve({ runId: record.runId, cu: quote, at });
  return at;
}

/** Undefined when somebody else was first. */
async function winSend(
  claimed: Claimed,
  { assetId, quoted, at }: { assetId: string; quoted?: Quoted; at: number },
  tools: PayTools,
): Promise<Sending | undefined> {
  const send = { assetId, sentAt: new Date(at).toISOString(), sentBy: randomUUID() };
  const sending = { ...claimed.record, ...quoted, sends: [...claimed.record.sends, send] };
  const won = await tools.records.write({ ...sending, phase: 'sending' }, claimed);
  return won?.record.phase === 'sending' ? { ...won, record: won.record } : undefined;
}

/** A day of refusals would make a record of a megabyte. */
const REFUSED_KEPT = 10;

/** Back to where it can be sent anew: it is certain that no job came of the last send. */
async function withoutJob(sending: Sending, tools: PayTools): Promise<void> {
  const { sends } = sending.record;
  const marked = sends.map((send, n) => (n === sends.length - 1 ? { ...send, noJob: true as const } : send));
  const recent = new Set(marked.filter(({ noJob }) => noJob).slice(-REFUSED_KEPT));
  const kept = marked.filter((send) => !send.noJob || recent.has(send));
  await tools.records.write({ ...sending.record, sends: kept, phase: 'claimed' }, sending);
}

/** A dry run that was paid is a send like any other: its job is the run's. Without an id it is looked for in the job list. */
export async function sentUnasked(
  claimed: Claimed,
  { paid: { assetId, jobId }, message }: DryRunPaidError,
  tools: PayTools,
): Promise<ReadAgain> {
  tools.count('AccountRefused', 1);
  tools.log.error('paid for a dry run', { why: message });
  const at = tools.now();
  const won = await held(() => winSend(claimed, { assetId, at }, tools), tools);
  if (!won || jobId === undefined) return true;
  return await submitted(won, { jobId, sentAt: new Date(at).toISOString() }, tools);
}

/** The one paid call. A refusal leaves the run as if nothing had been sent; an uncertain answer leaves it in `sending`. */
async function pay(sending: Sending, input: ModelInput, tools: PayTools): Promise<ReadAgain> {
  const sentAt = sending.record.sends.at(-1)?.sentAt ?? '';
  try {
    const jobId = await tools.scenario.generate(input);
    return await submitted(sending, { jobId, sentAt }, tools);
  } catch (error) {
    // What is uncertain is read again: the record stands in `sending`, and that is settled from the job list.
    if (error instanceof SubmissionUncertainError) {
      tools.log.warn('uncertain whether the job was taken', { why: error.message });
      return true;
    }
    if (isRefusal(error)) await withoutJob(sending, tools);
    throw error;
  }
}

const REFUSALS = [
  'ScenarioBusyError',
  'ScenarioAccountError',
  'ScenarioInputError',
  'ScenarioUnavailableError',
];

function isRefusal(error: unknown): boolean {
  return error instanceof Error && REFUSALS.includes(error.name);
}

/** Remembers the paid job before anything else is done with it. The execution starts from the record. */
async function submitted(
  sending: Sending,
  { jobId, sentAt }: { jobId: string; sentAt: string },
  tools: PayTools,
): Promise<ReadAgain> {
  tools.log.appendKeys({ jobId });
  const acceptedAt = new Date(tools.now()).toISOString();
  const written = await tools.records.write(
    { ...sending.record, phase: 'submitted', jobId, submittedAt: sentAt, acceptedAt },
    sending,
  );
  if (!written) return true;
  tools.count('Submitted', 1);
  tools.log.info('submitted', { cu: sending.record.quote });
  return true;
}

/** A send of unknown outcome: adopts its job, or, when there certainly is none, goes back to where it may be sent anew. */
export async function settle(sending: Sending, ageMs: number, tools: PayTools): Promise<ReadAgain> {
  const adopted = await reconcile(sending.record, ageMs, tools);
  if (adopted) return await submitted(sending, adopted, tools);
  await tools.records.write({ ...sending.record, phase: 'claimed' }, sending);
  return true;
}
