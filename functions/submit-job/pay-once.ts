import { randomUUID } from 'node:crypto';
import { SubmissionUncertainError, TryLaterError } from '../shared/errors.ts';
import type { Kept, RecordIn, Records } from '../shared/record.ts';
import type { Scenario } from '../shared/scenario.ts';
import type { ModelInput } from '../shared/tripo.ts';
import { SEND_MARGIN_MS } from './hold.ts';
import { type ReconcileTools, reconcile } from './reconcile.ts';

/** Whether the record has to be read again, because it has changed meanwhile. */
export type Again = boolean;

export type Claimed = Kept<RecordIn<'claimed'>>;
export type Sending = Kept<RecordIn<'sending'>>;

export interface PayTools extends ReconcileTools {
  readonly scenario: Pick<Scenario, 'generate' | 'job' | 'jobsSince'>;
  readonly records: Records;
}

/** A send starts within this after its record was won, so that the record's time bounds the send's. */
const SEND_WITHIN_MS = 10_000;

/** Wins the right to pay, and pays, at once and once. */
export async function payOnce(
  claimed: Claimed,
  quote: number,
  input: ModelInput,
  tools: PayTools,
): Promise<Again> {
  const wonAt = tools.now();
  const won = await winSend(claimed, { assetId: input.image, quote }, tools);
  if (!won) return true;
  if (tools.remainingMs() < SEND_MARGIN_MS || tools.now() - wonAt > SEND_WITHIN_MS) {
    await backToClaimed(won, tools);
    throw new TryLaterError('too little time is left to pay in');
  }
  return await pay(won, input, tools);
}

/** Undefined when somebody else was first. */
async function winSend(
  claimed: Claimed,
  { assetId, quote }: { assetId: string; quote: number },
  tools: PayTools,
): Promise<Sending | undefined> {
  if (tools.remainingMs() < SEND_MARGIN_MS) throw new TryLaterError('too little time is left to pay in');
  const send = { assetId, sentAt: new Date(tools.now()).toISOString(), sentBy: randomUUID() };
  const sending = { ...claimed.record, quote, sends: [...claimed.record.sends, send] };
  const won = await tools.records.write({ ...sending, phase: 'sending' }, claimed);
  return won?.record.phase === 'sending' ? { ...won, record: won.record } : undefined;
}

async function backToClaimed(sending: Sending, tools: PayTools): Promise<void> {
  await tools.records.write({ ...sending.record, phase: 'claimed' }, sending);
}

/** The one paid call. A refusal leaves the run as if nothing had been sent; an uncertain answer leaves it in `sending`. */
async function pay(sending: Sending, input: ModelInput, tools: PayTools): Promise<Again> {
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
    if (isRefusal(error)) await backToClaimed(sending, tools);
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
): Promise<Again> {
  tools.log.appendKeys({ jobId });
  const written = await tools.records.write(
    { ...sending.record, phase: 'submitted', jobId, submittedAt: sentAt },
    sending,
  );
  if (!written) return true;
  tools.count('Submitted', 1);
  tools.log.info('submitted', { cu: sending.record.quote });
  return true;
}

/** A send of unknown outcome: adopts its job, or, when there certainly is none, goes back to where it may be sent anew. */
export async function settle(sending: Sending, writtenAt: Date, tools: PayTools): Promise<Again> {
  const adopted = await reconcile(sending.record, writtenAt, tools);
  if (adopted) return await submitted(sending, adopted, tools);
  await backToClaimed(sending, tools);
  return true;
}
