/** Kinds of jobs by how long they take: the share of jobs that end within each second, up to an hour. */
export type Ends = readonly number[];

export const LONGEST = 3_600;

interface LogNormal {
  readonly share: number;
  readonly median: number;
  readonly p95: number;
}

const Z95 = 1.644854;

/** The share of jobs that have ended, for a mix of log-normal durations. */
function endedBy(seconds: number, parts: readonly LogNormal[]): number {
  if (seconds <= 0) return 0;
  return parts.reduce((sum, { share, median, p95 }) => {
    const sigma = Math.log(p95 / median) / Z95;
    return sum + share * normal(Math.log(seconds / median) / sigma);
  }, 0);
}

/** The normal distribution, by formula 7.1.26 of Abramowitz and Stegun; its error is below 2e-7. */
function normal(z: number): number {
  const t = 1 / (1 + (0.3275911 * Math.abs(z)) / Math.SQRT2);
  const factors = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592];
  const series = factors.reduce((sum, factor) => (sum + factor) * t, 0);
  const tail = (series * Math.exp((-z * z) / 2)) / 2;
  return z < 0 ? tail : 1 - tail;
}

function endsOf(...parts: readonly LogNormal[]): Ends {
  return Array.from({ length: LONGEST }, (_, second) => {
    const until = second + 1 === LONGEST ? 1 : endedBy(second + 1, parts);
    return until - endedBy(second, parts);
  });
}

/** `usual` is what scenario-like services show for Tripo 3.1; the others are what it may become. */
export const JOB_KINDS: Readonly<Record<string, Ends>> = {
  usual: endsOf({ share: 1, median: 120, p95: 420 }),
  fast: endsOf({ share: 1, median: 35, p95: 110 }),
  slow: endsOf({ share: 1, median: 300, p95: 1_050 }),
  'two-humped': endsOf({ share: 0.5, median: 60, p95: 90 }, { share: 0.5, median: 300, p95: 400 }),
};

/** Draws durations in seconds, by a source of random numbers from 0 to 1. */
export function drawJobs(ends: Ends, count: number, random: () => number): number[] {
  return Array.from({ length: count }, () => {
    let left = random();
    const second = ends.findIndex((share) => (left -= share) <= 0);
    return (second < 0 ? LONGEST - 1 : second) + Math.max(0.01, random());
  });
}
