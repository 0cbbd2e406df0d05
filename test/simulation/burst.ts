import { type Ended, play } from './history.ts';
import { anotherPicture, files } from './images.ts';

/** The results of a burst of images. */
export interface BurstFigures {
  readonly uploads: number;
  readonly problem: string | undefined;
  readonly stored: number;
  readonly payments: number;
  /**
   * The share of Scenario's slots in use, from 0 to 1. Measured from the first submission until fewer jobs than slots
   * are left.
   */
  readonly slotsBusy: number;
  /** The highest number of requests to Scenario within any 60 seconds, including refused ones. */
  readonly requestsPeak: number;
  readonly virtualHours: number;
  readonly receivesPerMessage: number;
  readonly mostReceives: number;
  readonly callsPerModel: number;
  readonly scenarioRequestsPerModel: number;
}

const SLOTS = 5;
const REQUESTS_A_MINUTE = 100;

/** Simulates simultaneous uploads, with log-normal job durations as measured. */
export async function burst(uploads: number, seed: number): Promise<BurstFigures> {
  const ended = await play({
    setting: {
      seed,
      standIn: {
        concurrencyCeiling: SLOTS,
        requestsPerWindow: REQUESTS_A_MINUTE,
        jobSeconds: 120,
        jobSecondsP95: 420,
      },
    },
    drops: Array.from({ length: uploads }, (_, n) => ({
      atSeconds: 0,
      key: `burst/${n + 1}.png`,
      bytes: anotherPicture(files.png, n),
    })),
  });
  const { payments, phases, receives, calls, ledger } = ended;
  const requests = Object.values(ledger.requests).reduce((sum, count) => sum + count, 0);
  return {
    uploads,
    problem: ended.problem,
    payments,
    stored: phases.filter((phase) => phase === 'stored').length,
    slotsBusy: slotsBusy(ended),
    requestsPeak: ledger.maxRequestsInAnyWindow,
    virtualHours: ended.virtualSeconds / 3600,
    receivesPerMessage: receives.all / uploads,
    mostReceives: receives.most,
    callsPerModel: calls / uploads,
    scenarioRequestsPerModel: requests / uploads,
  };
}

function slotsBusy({ ledger }: Ended): number {
  const jobs = ledger.jobs.map(({ startedAt, endsAt }) => [Date.parse(startedAt), Date.parse(endsAt)] as const);
  const ends = jobs.map(([, end]) => end).sort((a, b) => a - b);
  const from = Math.min(...jobs.map(([start]) => start));
  const until = ends[ends.length - SLOTS] ?? from;
  const busyMs = jobs.reduce((sum, [start, end]) => sum + Math.max(0, Math.min(end, until) - start), 0);
  return busyMs / (SLOTS * (until - from));
}

const LEAST_SLOTS_BUSY = 0.95;

/** Returns the promises that the figures break. */
export function shortcomings(figures: BurstFigures): readonly string[] {
  const { uploads, problem, stored, payments, slotsBusy, requestsPeak } = figures;
  return [
    ...(problem === undefined ? [] : [problem]),
    ...(stored === uploads ? [] : [`${uploads - stored} of ${uploads} images have no model`]),
    ...(payments === uploads ? [] : [`${uploads} images caused ${payments} payments`]),
    ...(slotsBusy >= LEAST_SLOTS_BUSY ? [] : [`the slots were busy only ${(slotsBusy * 100).toFixed(1)}% of the time`]),
    ...(requestsPeak <= REQUESTS_A_MINUTE ? [] : [`Scenario got ${requestsPeak} requests within a minute`]),
  ];
}
