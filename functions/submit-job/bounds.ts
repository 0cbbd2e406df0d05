import { hasOpenSend } from '../run/lifecycle.ts';
import type { RunRecord } from '../run/record.ts';

/** The bounds that "never pay twice" rests on. A sender lives no longer than its function's time-out … */
const SENDER_LIFETIME_MS = 300_000;
/** … a lost request takes effect at Scenario within this … */
const LATE_EFFECT_MS = 90_000;
/** … and the job list shows a job within this. */
const LIST_LAG_MS = 60_000;
/** S3's dates are whole seconds, and clocks differ. */
const SPARE_MS = 30_000;

/** The latest time after the write to `sending` at which the job list can show a new job of that send. */
export const LATEST_JOB_MS = SENDER_LIFETIME_MS + LATE_EFFECT_MS + LIST_LAG_MS + SPARE_MS;

/**
 * How old the record must be, by S3's clock, when a look begins that proves that no job came of its sends. The record
 * was last written when the send began (`sending`) or when it was refused (`claimed`).
 */
export function proofBoundMs({ phase, sends }: Pick<RunRecord, 'phase' | 'sends'>): number {
  const open = sends.filter((send) => hasOpenSend({ sends: [send] }));
  if (phase === 'sending' || open.some(({ refusal }) => !refusal)) return LATEST_JOB_MS;
  // A gateway can still repeat a request that it has refused.
  return open.every(({ refusal }) => refusal?.own) ? LIST_LAG_MS : LIST_LAG_MS + LATE_EFFECT_MS;
}

const FIRST_SPACE_MS = 75_000;
const MAX_SPACE_MS = 3_600_000;
/** After this many refusals by a gateway, a person has to look. */
const MANY_REFUSALS = 20;
const ONE_A_DAY_MS = 24 * 3_600_000;

/** The refusals since an operator last said to send again. */
function refusalsOf({ sends, releasedAt = '' }: Pick<RunRecord, 'sends' | 'releasedAt'>) {
  return sends.flatMap(({ refusal }) => (refusal && refusal.at > releasedAt ? refusal : []));
}

/** Whether a gateway has refused the run so often that a person has to look. The run then sends once a day. */
export function hasManyRefusals(record: Pick<RunRecord, 'sends' | 'releasedAt'>): boolean {
  return refusalsOf(record).filter(({ own }) => !own).length >= MANY_REFUSALS;
}

/** When the run may send again, in milliseconds since 1970. The wait grows with each refusal. */
export function nextSendAt(record: Pick<RunRecord, 'sends' | 'releasedAt'>): number {
  const refusals = refusalsOf(record);
  const last = refusals.at(-1);
  if (!last) return 0;
  const space = Math.min(MAX_SPACE_MS, FIRST_SPACE_MS * 2 ** (refusals.length - 1));
  return Date.parse(last.at) + (hasManyRefusals(record) ? ONE_A_DAY_MS : space);
}
