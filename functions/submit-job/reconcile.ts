import { ScenarioNotFoundError, TryLaterError } from '../platform/errors.ts';
import type { Count, Log } from '../platform/observability.ts';
import type { RunRecord } from '../run/record.ts';
import type { Scenario } from '../scenario/client.ts';
import type { Job, JobInput } from '../scenario/schemas.ts';
import { modelId } from '../models/tripo-3-1.ts';
import { SEND_MARGIN_MS } from './hold.ts';

/** The bounds that "never pay twice" rests on. A sender lives no longer than its function's time-out … */
const SENDER_LIFETIME_MS = 300_000;
/** … a request that was lost takes effect at Scenario within this … */
const LATE_EFFECT_MS = 90_000;
/** … and the job list shows a job within this. */
const LIST_LAG_MS = 60_000;
/** Until then nobody sends again. Their sum is 7.5 minutes; S3 tells times in whole seconds, and clocks differ a little. */
const SAFE_TO_SEND_AGAIN_MS = SENDER_LIFETIME_MS + LATE_EFFECT_MS + LIST_LAG_MS + 30_000;

const BETWEEN_LOOKS_MS = 60_000;
/** Scenario's clock and the sender's may each be five minutes off. */
const CLOCK_SKEW_MS = 10 * 60_000;
/** A list that stays unreadable is looked at again so much later. */
const UNCLEAR_SECONDS = 300;

export interface ReconcileTools {
  readonly scenario: Pick<Scenario, 'jobsSince' | 'job'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly remainingMs: () => number;
  readonly count: Count;
  readonly log: Log;
}

/** The job that came from one of the record's sends. */
export interface Adopted {
  readonly jobId: string;
  readonly sentAt: string;
}

/**
 * Finds out whether a send of unknown outcome became a job, from the job list.
 *
 * @param ageMs how long ago the record went to `sending`, by S3's clock
 * @returns the job, or undefined when it is certain, within the bounds, that there is none and nobody may still make one
 * @throws TryLaterError when that can not be known yet
 */
export async function reconcile(
  { sends }: Pick<RunRecord, 'sends'>,
  ageMs: number,
  tools: ReconcileTools,
): Promise<Adopted | undefined> {
  const settledAt = tools.now() + SAFE_TO_SEND_AGAIN_MS - ageMs;
  const first = await look(sends, tools);
  if (typeof first === 'object') return first;
  let isUnclear = first === 'unclear';
  if (tools.remainingMs() - BETWEEN_LOOKS_MS >= SEND_MARGIN_MS) {
    await tools.sleep(BETWEEN_LOOKS_MS);
    const isSettled = tools.now() >= settledAt;
    const second = await look(sends, tools);
    if (typeof second === 'object') return second;
    isUnclear ||= second === 'unclear';
    if (isSettled && !isUnclear) return undefined;
  }
  tools.log.warn('no job known for an uncertain send', { seen: first, sentAt: sends.at(-1)?.sentAt });
  const leftMs = settledAt - BETWEEN_LOOKS_MS - tools.now();
  throw new TryLaterError(
    'an uncertain send is not settled yet',
    leftMs <= 0 && isUnclear ? UNCLEAR_SECONDS : Math.max(0, leftMs) / 1000,
  );
}

/** `unclear`: there are jobs of the time in question that do not say what they were made from. */
type Seen = Adopted | 'nothing' | 'unclear';

async function look(sends: RunRecord['sends'], tools: ReconcileTools): Promise<Seen> {
  const earliest = Math.min(...sends.map(({ sentAt }) => Date.parse(sentAt)));
  const latest =
    Math.max(...sends.map(({ sentAt }) => Date.parse(sentAt))) + SAFE_TO_SEND_AGAIN_MS + CLOCK_SKEW_MS;
  const found: (Adopted & { readonly createdAt: string })[] = [];
  let isUnclear = false;
  for await (const row of tools.scenario.jobsSince(earliest - CLOCK_SKEW_MS)) {
    // Too late to be ours: not worth a question each, which would use up the request limit.
    if (!row.input && Date.parse(row.createdAt ?? '') > latest) continue;
    const { jobId, input, createdAt = '' } = await withInput(row, tools.scenario);
    // Ids are unique, so it is enough that one stands anywhere in the echo.
    const send = sends.find(({ assetId }) => input?.text.includes(assetId));
    if (send) found.push({ jobId, sentAt: send.sentAt, createdAt });
    else isUnclear ||= mayBeOurs(input);
  }
  if (found.length > 1) {
    tools.count('DuplicateJob', 1);
    tools.log.error('more than one job for one upload', { jobIds: found.map(({ jobId }) => jobId) });
  }
  const [oldest] = found.sort((a, b) => a.createdAt.localeCompare(b.createdAt));
  return oldest ?? (isUnclear ? 'unclear' : 'nothing');
}

/** A row of the list may lack the echo of its inputs; the job itself has it. */
async function withInput(row: Job, scenario: Pick<Scenario, 'job'>): Promise<Job> {
  if (row.input) return row;
  return await scenario.job(row.jobId).catch((error: unknown) => {
    if (error instanceof ScenarioNotFoundError) return row;
    throw error;
  });
}

/** Of our model, as far as can be read, and not to be read what it was made from. */
function mayBeOurs(input: JobInput | undefined): boolean {
  if (!input) return true;
  return (input.modelId ?? modelId) === modelId && input.image === undefined;
}
