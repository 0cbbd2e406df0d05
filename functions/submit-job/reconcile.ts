import type { Model } from '../models/model.ts';
import type { RunRecord } from '../run/record.ts';
import type { Scenario } from '../scenario/client.ts';
import { ScenarioNotFoundError } from '../scenario/errors.ts';
import type { Job, JobInput } from '../scenario/schemas.ts';
import { TryLaterError } from './errors.ts';
import { SEND_MARGIN_MS } from './hold.ts';
import type { Invocation } from './submission.ts';

/** The bounds that "never pay twice" rests on. A sender lives no longer than its function's time-out … */
const SENDER_LIFETIME_MS = 300_000;
/** … a lost request takes effect at Scenario within this … */
const LATE_EFFECT_MS = 90_000;
/** … and the job list shows a job within this. */
const LIST_LAG_MS = 60_000;
/** Nobody sends again before. The sum is 7.5 minutes; the rest is for S3's whole seconds and for clocks that differ. */
const SAFE_TO_SEND_AGAIN_MS = SENDER_LIFETIME_MS + LATE_EFFECT_MS + LIST_LAG_MS + 30_000;

const BETWEEN_LOOKS_MS = 60_000;
/** Scenario's clock and the sender's may each be five minutes off. */
const CLOCK_SKEW_MS = 10 * 60_000;
/** When a list that stays unreadable is looked at again. */
const UNCLEAR_SECONDS = 300;

export interface Reconciliation extends Invocation {
  readonly scenario: Pick<Scenario, 'jobsSince' | 'job'>;
  /** That the run's sends asked for. */
  readonly model: Model;
}

/** The job that came from one of the record's sends. */
export interface Adopted {
  readonly jobId: string;
  readonly sentAt: string;
}

/**
 * Finds out from the job list whether a send of unknown outcome became a job.
 *
 * @param ageMs how long ago the record went to `sending`, by S3's clock
 * @returns the job, or undefined if it is certain, within the bounds, that there is none and that none may still appear
 * @throws TryLaterError when that cannot be known yet
 */
export async function findSentJob(
  { sends }: Pick<RunRecord, 'sends'>,
  ageMs: number,
  tools: Reconciliation,
): Promise<Adopted | undefined> {
  const { clock, telemetry, remainingMs } = tools;
  const settledAt = clock.now() + SAFE_TO_SEND_AGAIN_MS - ageMs;
  const first = await look(sends, tools);
  if (typeof first === 'object') return first;
  let isUnclear = first === 'unclear';
  if (remainingMs() - BETWEEN_LOOKS_MS >= SEND_MARGIN_MS) {
    await clock.sleep(BETWEEN_LOOKS_MS);
    const isSettled = clock.now() >= settledAt;
    const second = await look(sends, tools);
    if (typeof second === 'object') return second;
    isUnclear ||= second === 'unclear';
    if (isSettled && !isUnclear) return undefined;
  }
  telemetry.log.warn('no job known for an uncertain send', { seen: first, sentAt: sends.at(-1)?.sentAt });
  const leftMs = settledAt - BETWEEN_LOOKS_MS - clock.now();
  throw new TryLaterError(
    'an uncertain send is not settled yet',
    leftMs <= 0 && isUnclear ? UNCLEAR_SECONDS : Math.max(0, leftMs) / 1000,
  );
}

/** `unclear`: there are jobs of the time in question that do not say what they were made from. */
type Seen = Adopted | 'nothing' | 'unclear';

async function look(sends: RunRecord['sends'], tools: Reconciliation): Promise<Seen> {
  const { scenario, model } = tools;
  const times = sends.map(({ sentAt }) => Date.parse(sentAt));
  const latest = Math.max(...times) + SAFE_TO_SEND_AGAIN_MS + CLOCK_SKEW_MS;
  const found: (Adopted & { readonly createdAt: string })[] = [];
  let isUnclear = false;
  for await (const row of scenario.jobsSince(Math.min(...times) - CLOCK_SKEW_MS)) {
    // Too late to be ours: one question for each would use up the request limit.
    if (!row.input && Date.parse(row.createdAt ?? '') > latest) continue;
    const { jobId, input, createdAt = '' } = await readInput(row, scenario);
    // Ids are unique, so it is enough that one stands anywhere in the echo.
    const send = sends.find(({ assetId }) => input?.text.includes(assetId));
    if (send) found.push({ jobId, sentAt: send.sentAt, createdAt });
    else isUnclear ||= mayBeOurs(input, model);
  }
  return oldest(found, tools) ?? (isUnclear ? 'unclear' : 'nothing');
}

function oldest(found: (Adopted & { readonly createdAt: string })[], { telemetry }: Reconciliation) {
  if (found.length > 1) {
    telemetry.count('DuplicateJob', 1);
    telemetry.log.error('more than one job for one upload', { jobIds: found.map(({ jobId }) => jobId) });
  }
  return found.sort((a, b) => a.createdAt.localeCompare(b.createdAt))[0];
}

/** A row of the list may lack the echo of its inputs; the job itself has it. */
async function readInput(row: Job, scenario: Pick<Scenario, 'job'>): Promise<Job> {
  if (row.input) return row;
  return await scenario.job(row.jobId).catch((error: unknown) => {
    if (error instanceof ScenarioNotFoundError) return row;
    throw error;
  });
}

/** Of our model, as far as can be read, and without a word about the image it was made from. */
function mayBeOurs(input: JobInput | undefined, { id, imageInput }: Model): boolean {
  if (!input) return true;
  return (input.modelId ?? id) === id && typeof input.values[imageInput] !== 'string';
}
