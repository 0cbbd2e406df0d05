import { TryLaterError } from '../shared/errors.ts';
import type { Count, Log } from '../shared/observed.ts';
import type { RunRecord } from '../shared/record.ts';
import type { Job, Scenario } from '../shared/scenario.ts';
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
const CLOCK_SKEW_MS = 5 * 60_000;

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
 * @param writtenAt when the record went to `sending`, by S3's clock
 * @returns the job, or undefined when it is certain, within the bounds, that there is none and nobody may still make one
 * @throws TryLaterError when that can not be known in this invocation
 */
export async function reconcile(
  { sends }: Pick<RunRecord, 'sends'>,
  writtenAt: Date,
  tools: ReconcileTools,
): Promise<Adopted | undefined> {
  const firstLookAt = tools.now();
  for (;;) {
    const lookedAt = tools.now();
    const adopted = await look(sends, tools);
    if (adopted) return adopted;
    const isSettled = lookedAt - writtenAt.getTime() >= SAFE_TO_SEND_AGAIN_MS;
    if (isSettled && lookedAt - firstLookAt >= BETWEEN_LOOKS_MS) return undefined;
    tools.log.warn('no job found for an uncertain send', { sentAt: sends.at(-1)?.sentAt });
    if (tools.remainingMs() - BETWEEN_LOOKS_MS < SEND_MARGIN_MS)
      throw new TryLaterError('an uncertain send is not settled yet');
    await tools.sleep(BETWEEN_LOOKS_MS);
  }
}

async function look(sends: RunRecord['sends'], tools: ReconcileTools): Promise<Adopted | undefined> {
  const sentAtByAsset = new Map(sends.map(({ assetId, sentAt }) => [assetId, sentAt]));
  const earliest = Math.min(...sends.map(({ sentAt }) => Date.parse(sentAt)));
  const found: (Adopted & { readonly createdAt: string })[] = [];
  for await (const row of tools.scenario.jobsSince(earliest - CLOCK_SKEW_MS)) {
    const { jobId, image, createdAt = '' } = await withImage(row, tools.scenario);
    const sentAt = sentAtByAsset.get(image ?? '');
    if (sentAt !== undefined) found.push({ jobId, sentAt, createdAt });
  }
  if (found.length > 1) {
    tools.count('DuplicateJob', 1);
    tools.log.error('more than one job for one upload', { jobIds: found.map(({ jobId }) => jobId) });
  }
  return found.sort((a, b) => a.createdAt.localeCompare(b.createdAt))[0];
}

/** A row of the list may lack the echo of its inputs; the job itself has it. */
async function withImage(row: Job, scenario: Pick<Scenario, 'job'>): Promise<Job> {
  return row.image === undefined ? await scenario.job(row.jobId) : row;
}
