import type { Kept, RecordIn, RunRecord } from '../run/record.ts';
import { ScenarioBusyError } from '../scenario/errors.ts';
import { proofBoundMs } from './bounds.ts';
import { TryLaterError } from './errors.ts';
import { type Adopted, look, type LookTools, type Seen } from './look.ts';
import type { Invocation } from './submission.ts';

const BETWEEN_LOOKS_MS = 15_000;
/** How many looks prove that a list hides nothing. A list without any job is likelier to be wrong for a moment. */
const LOOKS = { usual: 2, ifEmpty: 4 };
/** The time that the looks and the write after them can need. */
const SETTLE_MARGIN_MS = 90_000;
/** When SubmitJob looks again at a list that cannot be trusted. */
const UNCLEAR_SECONDS = 300;
/**
 * The list can show a job before its absence could be proved. So the run looks again after a minute, then less often.
 */
const FIRST_AGAIN_MS = 60_000;

export type Unsettled = Kept<RecordIn<'claimed' | 'sending'>> & { readonly ageMs: number };

/**
 * Finds out from the job list whether a send that may have been taken became a job.
 *
 * @param record what was just read of the run, with its age by S3's clock
 * @returns the job, or undefined if it is proved, within the bounds, that there is none and that none can still appear
 * @throws TryLaterError if this is not known yet
 */
export async function settleSends(
  { record, ageMs }: { readonly record: Pick<RunRecord, 'phase' | 'sends'>; readonly ageMs: number },
  tools: Invocation & LookTools,
): Promise<Adopted | undefined> {
  const { clock, remainingMs, telemetry } = tools;
  const readAt = clock.now();
  const boundMs = proofBoundMs(record);
  if (remainingMs() < SETTLE_MARGIN_MS) throw new TryLaterError('too little time is left to look for a job');
  const first = await lookOrLeave(record, tools);
  if (typeof first === 'object') return first;
  const leftMs = boundMs - ageMs;
  if (leftMs > 0) {
    telemetry.log.warn('no job is known of a send, which proves nothing yet', {
      seen: first,
      leftSeconds: leftMs / 1000,
    });
    const againMs = Math.max(FIRST_AGAIN_MS, ageMs + clock.now() - readAt);
    throw new TryLaterError('a send is not settled yet', Math.min(leftMs, againMs) / 1000);
  }
  const seen = [first];
  while (seen.length < (seen.includes('empty') ? LOOKS.ifEmpty : LOOKS.usual)) {
    await clock.sleep(BETWEEN_LOOKS_MS);
    const next = await lookOrLeave(record, tools);
    if (typeof next === 'object') return next;
    seen.push(next);
  }
  if (!seen.includes('unclear')) return undefined;
  telemetry.log.warn('the job list cannot prove that no job came of a send', { seen });
  throw new TryLaterError('the job list cannot be trusted', UNCLEAR_SECONDS);
}

/** While requests are short, a look waits in the queue. Uploads that have not paid yet need the place. */
async function lookOrLeave(record: Pick<RunRecord, 'sends'>, tools: LookTools): Promise<Seen> {
  return await look(record, tools).catch((error: unknown) => {
    if (!(error instanceof ScenarioBusyError)) throw error;
    throw new TryLaterError(error.message, Math.max(FIRST_AGAIN_MS / 1000, error.retryAfterSeconds ?? 0));
  });
}
