/** What is known of a job when its next check is decided. */
export interface Progress {
  /** Since it was submitted. */
  readonly elapsedSeconds: number;
  /** 0 to 1; 0 as long as nothing is known. */
  readonly progress: number;
}

/** The best first look at log-normal jobs of median 120 s and 95th percentile 420 s that are looked at every 25 s. */
const FIRST_SECONDS = 55;
const STEP_SECONDS = 25;
/** Below this, more than 9 checks would fall into the first 180 s, and 100 jobs would use up the request limit. */
const SHORTEST_SECONDS = 16;

/**
 * Whole seconds until the next check of a job: the same step again and again, shortened where `progress` says that the
 * job ends within it. It never lengthens a wait: a progress that stands still says nothing.
 */
export function nextWait({ elapsedSeconds, progress }: Progress): number {
  if (elapsedSeconds <= 0) return FIRST_SECONDS;
  if (progress <= 0) return STEP_SECONDS;
  const leftSeconds = Math.ceil((elapsedSeconds * (1 - progress)) / progress);
  return Math.min(STEP_SECONDS, Math.max(SHORTEST_SECONDS, leftSeconds));
}

/** The wait that comes in with the machine's input. */
export const firstWaitSeconds = nextWait({ elapsedSeconds: 0, progress: 0 });
