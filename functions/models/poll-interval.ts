/** One look at a job that runs. */
export interface Progress {
  /** Since the job was submitted. */
  readonly elapsedSeconds: number;
  /** 0 to 1; 0 if nothing is known. */
  readonly progress: number;
}

/**
 * The shortest wait in seconds. It keeps the checks of a Tripo 3.1 job to at most nine within the first 180 s, and a
 * hundred jobs within the request limit.
 */
const MIN_SECONDS = 16;
const MAX_FIRST_SECONDS = 600;
const MAX_STEP_SECONDS = 120;
/** One check is worth as much as this many seconds of delay. */
const SECONDS_PER_CHECK = 2.5;

/**
 * Progress that moves is trusted for at most this many steps: it can stop, and the check after it can come too late.
 */
const TRUSTED_STEPS = 2.5;
/** The end is expected this many seconds later than the progress says. A check just before the end is wasted. */
const MARGIN_SECONDS = 2;

/**
 * Whole seconds until the next check of a job. Usually it is at the next of the given times. If the progress has moved
 * since the last check, the next one comes when the job would end at that speed.
 *
 * @param times when to check, in seconds after the submission, in ascending order
 * @param last the check before this one. Undefined after the first
 */
export function pollInterval(
  { elapsedSeconds, progress }: Progress,
  times: readonly number[],
  last?: Progress,
): number {
  const stepSeconds = nextStep(elapsedSeconds, times);
  const speed = last ? (progress - last.progress) / (elapsedSeconds - last.elapsedSeconds) : 0;
  if (!(speed > 0 && Number.isFinite(speed))) return stepSeconds;
  const leftSeconds = Math.round((1 - progress) / speed) + MARGIN_SECONDS;
  return Math.max(MIN_SECONDS, Math.min(leftSeconds, Math.round(TRUSTED_STEPS * stepSeconds)));
}

/** Leaves out a time that is due too soon, after a check that was late. */
function nextStep(elapsedSeconds: number, times: readonly number[]): number {
  const [before = 0, last = MIN_SECONDS] = times.slice(-2);
  const soonest = Math.max(0, elapsedSeconds) + MIN_SECONDS * 0.75;
  const due = times.find((time) => time >= soonest);
  const stepSeconds = due === undefined ? last - before : Math.ceil(due - Math.max(0, elapsedSeconds));
  return Math.max(MIN_SECONDS, stepSeconds);
}

/** Seconds. The ends of jobs and the checks are counted in cells of this length. */
const CELL = 4;
/** Twice the longest duration that is remembered. */
const HORIZON_SECONDS = 7_200;
/** How far apart jobs of the same kind end: the width of a log-logistic distribution, by its logarithm. */
const SPREAD = 0.2 / 1.7;
/** The share of jobs that the times do not cover. For these, the last step is repeated. */
const REST = 0.01;

/**
 * The best times to check a job whose duration is like that of earlier jobs, in whole seconds after its submission.
 * They minimize the expected delay plus `SECONDS_PER_CHECK` for each check, by dynamic programming from the end.
 *
 * @param durations of earlier jobs, in seconds
 */
export function checkTimes(durations: readonly number[]): number[] {
  const cells = HORIZON_SECONDS / CELL;
  /** The share of jobs that run longer than each time, and its sum up to there, in seconds. */
  const running = Array.from({ length: cells + 1 }, (_, cell) => shareRunning(cell * CELL, durations));
  const area = running.map(() => 0);
  for (let cell = 1; cell <= cells; cell += 1)
    area[cell] = at(area, cell - 1) + (CELL * (at(running, cell - 1) + at(running, cell))) / 2;
  /** From a check at each time on: what is still to be paid, and when the next check is. */
  const cost = running.map(() => 0);
  const next = running.map(() => cells);
  for (let from = cells - 1; from >= 0; from -= 1) {
    const longest = (from === 0 ? MAX_FIRST_SECONDS : MAX_STEP_SECONDS) / CELL;
    let best = Infinity;
    for (let to = from + MIN_SECONDS / CELL; to <= Math.min(cells, from + longest); to += 1) {
      const delay = at(running, from) * (to - from) * CELL - (at(area, to) - at(area, from));
      const total = SECONDS_PER_CHECK * at(running, from) + delay + at(cost, to);
      if (total < best) [best, cost[from], next[from]] = [total, total, to];
    }
  }
  const times: number[] = [];
  for (let cell = at(next, 0); cell < cells && at(running, cell) > REST; cell = at(next, cell)) times.push(cell * CELL);
  return [...times, at(next, (times.at(-1) ?? 0) / CELL) * CELL];
}

function at(values: readonly number[], index: number): number {
  return values[index] ?? 0;
}

/** Each earlier job stands for jobs that take about as long. */
function shareRunning(seconds: number, durations: readonly number[]): number {
  const shares = durations.map((duration) => 1 / (1 + (seconds / duration) ** (1 / SPREAD)));
  return shares.reduce((sum, share) => sum + share, 0) / durations.length;
}
