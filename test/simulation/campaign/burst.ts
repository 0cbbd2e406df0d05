import { type Ended, play } from './history.ts';
import { anotherPicture, files } from '../world/images.ts';
import { type Bill, billOf, totalOf } from '../../benchmarks/prices.ts';

/** A burst of images, and what Scenario allows. */
export interface Burst {
  readonly uploads: number;
  /** The limit of parallel jobs. */
  readonly ceiling: number;
  /** What is left of the project's requests. */
  readonly requestsPerMinute: number;
  readonly seed: number;
  /** Every job takes so long. @default a median of 120 s and a 95th percentile of 420 s */
  readonly jobSeconds?: number;
  /** Seconds between two uploads. @default none: all at once */
  readonly everySeconds?: number;
}

/** The results of a burst of images. */
export interface BurstFigures extends Burst {
  readonly problem: string | undefined;
  readonly stored: number;
  readonly failed: number;
  /** Files that could not be copied. */
  readonly missing: number;
  readonly payments: number;
  /**
   * The share of Scenario's slots in use, from 0 to 1. Measured from the first submission until fewer jobs than slots
   * are left.
   */
  readonly busy: number;
  /** The highest number of requests to Scenario within any 60 seconds, including refused ones. */
  readonly requestsPeak: number;
  readonly virtualHours: number;
  readonly receivesPerMessage: number;
  readonly mostReceives: number;
  readonly callsPerModel: number;
  /** Requests to Scenario's API, by operation. Downloads are not among them. */
  readonly requestsPerModel: number;
  readonly requests: Readonly<Record<string, number>>;
  /** Input assets for each model. */
  readonly inputsPerModel: number;
  /** What AWS bills for each model, in US dollars. Storage, transfer, and renditions are not in it. */
  readonly cost: number;
  /** The same, in total and by item. */
  readonly bill: Bill;
  readonly renditionsBill: Bill;
  /** Jobs that run at Scenario, by minute. */
  readonly running: readonly number[];
}

/** What is not a request to the API. */
const TRANSFERS = ['cdn', 'thumbnail', 'putPart'];

/** Simulates simultaneous uploads of different images, with log-normal job durations as measured. */
export async function burst(asked: Burst): Promise<BurstFigures> {
  const { uploads, ceiling, requestsPerMinute, seed, jobSeconds, everySeconds = 0 } = asked;
  const wireCalls = new Map<string, number>();
  const ended = await play({
    setting: {
      seed,
      wire: ({ by, name }) => {
        const kind = [by, ...name.split(' ').slice(0, 2)].join(' ');
        wireCalls.set(kind, (wireCalls.get(kind) ?? 0) + 1);
        return undefined;
      },
      environment: { MAX_CU_PER_DAY: 'Infinity' },
      standIn: {
        concurrencyCeiling: ceiling,
        requestsPerWindow: requestsPerMinute,
        ...(jobSeconds === undefined ? { jobSeconds: 120, jobSecondsP95: 420 } : { jobSeconds }),
      },
    },
    drops: Array.from({ length: uploads }, (_, n) => ({
      atSeconds: n * everySeconds,
      key: `burst/${n + 1}.png`,
      bytes: anotherPicture(files.png, n),
    })),
  });
  const { payments, phases, receives, calls, ledger, missing } = ended;
  const requests = Object.fromEntries(Object.entries(ledger.requests).filter(([name]) => !TRANSFERS.includes(name)));
  const { main, renditions } = billOf({ uploads, receives: receives.all, wireCalls, usage: ended.usage });
  const all = Object.values(requests).reduce((sum, count) => sum + count, 0);
  return {
    uploads,
    ceiling,
    requestsPerMinute,
    seed,
    problem: ended.problem,
    payments,
    stored: phases.filter((phase) => phase === 'stored').length,
    failed: phases.filter((phase) => phase === 'failed' || phase === 'rejected').length,
    missing,
    busy: busyShare(ended, ceiling),
    requestsPeak: ledger.maxRequestsInAnyWindow,
    virtualHours: ended.virtualSeconds / 3600,
    receivesPerMessage: receives.all / uploads,
    mostReceives: receives.most,
    callsPerModel: calls / uploads,
    requestsPerModel: all / uploads,
    requests,
    cost: totalOf(main) / uploads,
    bill: main,
    renditionsBill: renditions,
    running: runningByMinute(ended),
    inputsPerModel: ((requests['createAsset'] ?? 0) + (requests['createUpload'] ?? 0)) / uploads,
  };
}

/** When each job began and ended, in milliseconds since 1970. */
function timesOf(ledger: Ended['ledger']) {
  return ledger.jobs.map(({ startedAt, endsAt }) => [Date.parse(startedAt), Date.parse(endsAt)] as const);
}

function runningByMinute({ ledger, virtualSeconds }: Ended): number[] {
  const jobs = timesOf(ledger);
  const from = Math.min(...jobs.map(([start]) => start));
  return Array.from({ length: Math.ceil(virtualSeconds / 60) }, (_, minute) => {
    const at = from + minute * 60_000;
    return jobs.filter(([start, end]) => start <= at && end > at).length;
  });
}

function busyShare({ ledger }: Ended, slots: number): number {
  const jobs = timesOf(ledger);
  const ends = jobs.map(([, end]) => end).sort((a, b) => a - b);
  const from = Math.min(...jobs.map(([start]) => start));
  const until = ends[Math.max(0, ends.length - slots)] ?? from;
  const busyMs = jobs.reduce((sum, [start, end]) => sum + Math.max(0, Math.min(end, until) - start), 0);
  return busyMs / (slots * (until - from));
}

const LEAST_BUSY = 0.95;
/** So many jobs end within a minute that the requests do not last for more. */
const MANY_SLOTS = { from: 60, leastBusy: 0.9 };
/** A refused send uses up its input asset. */
const MOST_INPUTS = 1.5;

/** Returns the promises that the figures break. */
export function shortcomings(figures: BurstFigures): readonly string[] {
  const { uploads, requestsPerMinute, problem, stored, missing, payments, busy, requestsPeak, inputsPerModel } =
    figures;
  const isShort = requestsPerMinute < 100;
  const hasMany = figures.ceiling >= MANY_SLOTS.from;
  // With fewer images, the slots are being filled or emptied most of the time.
  const isBrief = uploads < 4 * figures.ceiling;
  const leastBusy = hasMany ? MANY_SLOTS.leastBusy : LEAST_BUSY;
  return [
    ...(problem === undefined ? [] : [problem]),
    ...(stored === uploads ? [] : [`${uploads - stored} of ${uploads} images have no model`]),
    ...(missing === 0 ? [] : [`${missing} files are missing`]),
    ...(payments === uploads ? [] : [`${uploads} images caused ${payments} payments`]),
    ...(isShort || inputsPerModel <= MOST_INPUTS ? [] : [`each model took ${inputsPerModel.toFixed(2)} input assets`]),
    ...(isShort || isBrief || busy >= leastBusy
      ? []
      : [`the slots were busy only ${(busy * 100).toFixed(1)}% of the time`]),
    ...(isShort || hasMany || requestsPeak <= requestsPerMinute
      ? []
      : [`Scenario got ${requestsPeak} requests within a minute`]),
  ];
}
