import { checkTimes, pollInterval, type Progress } from '../../functions/models/poll-interval.ts';
import { tripo31 } from '../../functions/models/tripo-3-1.ts';
import { createRandom } from '../simulation/world/random.ts';
import { drawJobs, type Ends, JOB_KINDS, LONGEST } from './job-kinds.ts';

/** What a rule for polling costs and gains, for one kind of jobs. */
export interface PollingRow {
  readonly jobs: string;
  /** How the progress of these jobs moves. */
  readonly progress: string;
  readonly rule: string;
  /** For each job. */
  readonly requests: number;
  /** From the end of a job until it is noticed, on average. */
  readonly delaySeconds: number;
  /** The lowest delay that any schedule without progress reaches with as many requests; null outside of its range. */
  readonly optimumSeconds: number | null;
  readonly ratio: number | null;
  /** The average delay of jobs that end within a minute, and that of a fixed 30 s loop. */
  readonly underMinuteSeconds: number;
  readonly loopUnderMinuteSeconds: number;
  readonly seed: number;
}

/** The wait after a check, in seconds. `seconds`: since the submission; 0 is the submission itself. */
type Rule = (now: { readonly seconds: number; readonly progress: number }, last?: Progress) => number;

/** The progress that a job reports, by the share of its time that has passed. */
const PROGRESS: Readonly<Record<string, (share: number, duration: number) => number>> = {
  none: () => 0,
  linear: (share) => share,
  'linear after 20 s in a queue': (share, duration) =>
    Math.max(0, (share * duration - 20) / Math.max(1, duration - 20)),
  'fast at first': (share) => 1 - Math.exp(-3 * share),
  'slow at first': (share) => share ** 3,
  'stops at 70 %': (share) => Math.min(0.7, share),
  'in quarters': (share) => Math.floor(share * 4) / 4,
};

function scheduled(times: readonly number[]): Rule {
  return ({ seconds, progress }, last) =>
    seconds === 0 ? (times[0] ?? 0) : pollInterval({ elapsedSeconds: seconds, progress }, times, last);
}

const fixed =
  (seconds: number): Rule =>
  () =>
    seconds;

/** Scenario's own SDK asks every three seconds. */
const OTHERS: Readonly<Record<string, Rule>> = {
  "the SDK's wait, every 3 s": fixed(3),
  'a fixed loop of 30 s': fixed(30),
  // Waits of 3, 4.5, 6.75 … 30 s: each is half of all the time before it, and three seconds more.
  '3 s, growing to 30 s': ({ seconds }) => Math.min(30, 3 + seconds / 2),
};

const JOBS = 20_000;
const LESSONS = 20;
const REMEMBERED = 50;

/** Plays every rule against the same jobs. */
export function* polling({ seed, jobs = JOBS }: { seed: number; jobs?: number }): Generator<PollingRow> {
  for (const [kind, ends] of Object.entries(JOB_KINDS)) {
    const random = createRandom(seed);
    const drawn = drawJobs(ends, jobs, random);
    const lessons = Array.from({ length: LESSONS }, () =>
      scheduled(checkTimes(drawJobs(ends, REMEMBERED, random).map((seconds) => Math.max(1, Math.round(seconds))))),
    );
    const rules: Record<string, readonly Rule[]> = {
      'Meshdrop, after 50 jobs': lessons,
      'Meshdrop, at first': [scheduled(checkTimes(tripo31.typicalSeconds))],
      ...Object.fromEntries(Object.entries(OTHERS).map(([name, rule]) => [name, [rule]])),
    };
    const frontier = frontierOf(ends);
    const loop = play(drawn, [fixed(30)], 'none');
    for (const [rule, variants] of Object.entries(rules)) {
      for (const progress of rule.startsWith('Meshdrop, after') ? Object.keys(PROGRESS) : ['none']) {
        const { requests, delaySeconds, underMinuteSeconds } = play(drawn, variants, progress);
        const optimumSeconds = lowestDelay(frontier, requests) ?? null;
        const ratio = optimumSeconds === null ? null : delaySeconds / optimumSeconds;
        const figures = { requests, delaySeconds, optimumSeconds, ratio };
        const under = { underMinuteSeconds, loopUnderMinuteSeconds: loop.underMinuteSeconds };
        yield { jobs: kind, progress, rule, ...figures, ...under, seed };
      }
    }
  }
}

function play(drawn: readonly number[], variants: readonly Rule[], shape: string) {
  const progressAt = PROGRESS[shape] ?? (() => 0);
  let [requests, delay, delayUnder, under] = [0, 0, 0, 0];
  for (const [n, duration] of drawn.entries()) {
    const rule = variants[n % variants.length] ?? fixed(30);
    let seconds = rule({ seconds: 0, progress: 0 });
    let last: Progress | undefined;
    for (requests += 1; seconds < duration; requests += 1) {
      const progress = Math.round(1_000 * progressAt(seconds / duration, duration)) / 1_000;
      const wait = rule({ seconds, progress }, last);
      last = { elapsedSeconds: seconds, progress };
      seconds += wait;
    }
    delay += seconds - duration;
    if (duration < 60) [delayUnder, under] = [delayUnder + seconds - duration, under + 1];
  }
  const of = drawn.length;
  return { requests: requests / of, delaySeconds: delay / of, underMinuteSeconds: delayUnder / Math.max(1, under) };
}

/** A schedule of checks that is best for some price of a request. */
export interface Best {
  readonly requests: number;
  readonly delaySeconds: number;
}

/** Like Meshdrop, the optimum never checks more often than this. */
const LEAST_STEP = 16;
const MOST_STEP = 600;
const PRICES = Array.from({ length: 36 }, (_, n) => 0.05 * 1.35 ** n);

/** The lowest delay for each number of requests, from many requests to few. No rule without progress is below it. */
export function frontierOf(ends: Ends): readonly Best[] {
  return PRICES.map((secondsPerRequest) => optimum(ends, secondsPerRequest));
}

/** Finds the best schedule by dynamic programming, if a request is worth so many seconds of delay. */
function optimum(ends: Ends, secondsPerRequest: number): Best {
  /** The share that has ended by each second, and the sum of the times of these ends. */
  const ended = new Float64Array(LONGEST + 1);
  const times = new Float64Array(LONGEST + 1);
  for (const [second, share] of ends.entries()) {
    ended[second + 1] = (ended[second] ?? 0) + share;
    times[second + 1] = (times[second] ?? 0) + share * (second + 0.5);
  }
  const [cost, delays, requests] = [ended, ended, ended].map(() => new Float64Array(LONGEST + 1));
  if (!cost || !delays || !requests) throw new Error('unreachable');
  for (let from = LONGEST - 1; from >= 0; from -= 1) {
    const running = 1 - (ended[from] ?? 0);
    if (running < 1e-9) continue;
    let best = Infinity;
    for (let to = Math.min(LONGEST, from + LEAST_STEP); to <= Math.min(LONGEST, from + MOST_STEP); to += 1) {
      const delay = to * ((ended[to] ?? 0) - (ended[from] ?? 0)) - ((times[to] ?? 0) - (times[from] ?? 0));
      const total = secondsPerRequest * running + delay + (cost[to] ?? 0);
      if (total >= best) continue;
      best = total;
      cost[from] = total;
      delays[from] = delay + (delays[to] ?? 0);
      requests[from] = running + (requests[to] ?? 0);
    }
  }
  return { requests: requests[0] ?? 0, delaySeconds: delays[0] ?? 0 };
}

/** The lowest delay with so many requests, on the line between its neighbors. Undefined outside of the frontier. */
export function lowestDelay(frontier: readonly Best[], requests: number): number | undefined {
  const after = frontier.findIndex((best) => best.requests <= requests);
  const [more, fewer] = [frontier[after - 1], frontier[after]];
  if (!more || !fewer) return undefined;
  const share = (requests - fewer.requests) / Math.max(1e-9, more.requests - fewer.requests);
  return fewer.delaySeconds + share * (more.delaySeconds - fewer.delaySeconds);
}
