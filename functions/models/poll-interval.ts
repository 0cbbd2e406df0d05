import type { Polling } from './model.ts';

export interface Progress {
  /** Since it was submitted. */
  readonly elapsedSeconds: number;
  /** 0 to 1; 0 if nothing is known. */
  readonly progress: number;
}

/**
 * Whole seconds until the next check of a job. The step is always the same, unless `progress` says that the job ends within
 * it. Progress never lengthens a step: progress that does not change says nothing.
 */
export function pollInterval({ elapsedSeconds, progress }: Progress, polling: Polling): number {
  const { firstSeconds, stepSeconds, minSeconds } = polling;
  if (elapsedSeconds <= 0) return firstSeconds;
  if (progress <= 0) return stepSeconds;
  if (progress >= 1) return minSeconds;
  const leftSeconds = Math.ceil((elapsedSeconds * (1 - progress)) / progress);
  return Math.min(stepSeconds, Math.max(minSeconds, leftSeconds));
}
