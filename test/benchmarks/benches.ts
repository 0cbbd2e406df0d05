import { burst, shortcomings } from '../simulation/campaign/burst.ts';
import { runOne } from '../renditions/run-one.ts';
import { coldStart } from './cold-start.ts';
import { copy } from './copy.ts';
import { cost } from './cost.ts';
import { growth } from './growth.ts';
import { local } from './local.ts';
import { polling } from './polling.ts';

/** One line of a bench's figures. */
export type Row = Readonly<Record<string, string | number | boolean | null | readonly number[]>>;

export interface Bench {
  readonly name: string;
  readonly says: string;
  /** @param isSmall a part of it, for `.ci/run` */
  readonly run: (isSmall: boolean, limits: Limits) => AsyncIterable<Row> | Iterable<Row> | Promise<readonly Row[]>;
  /** What counted figures break. Never times. */
  readonly check?: (row: Row) => readonly string[];
}

/** For the bench `burst`. */
export interface Limits {
  readonly uploads?: number;
  readonly ceiling?: number;
  readonly requestsPerMinute?: number;
  readonly seed: number;
}

const atMost = (row: Row, name: string, most: number): string[] =>
  Number(row[name]) <= most ? [] : [`${name} is ${String(row[name])}, more than ${most}`];

/** In the order of the tables. */
export const BENCHES: readonly Bench[] = [
  {
    name: 'polling',
    says: 'when to check a job: requests and delay, beside the optimum and other rules (simulated)',
    run: (isSmall, { seed }) => spread(polling({ seed, ...(isSmall && { jobs: 2_000 }) })),
    check: (row) =>
      String(row['rule']).startsWith('Meshdrop, after') && row['progress'] === 'none'
        ? atMost(row, 'ratio', row['jobs'] === 'two-humped' ? 1.2 : 1.05)
        : [],
  },
  {
    name: 'burst',
    says: 'many images at once: busy slots and requests (the whole product, simulated)',
    run: playBursts,
    check: (row) => [
      ...atMost(row, 'paidTwice', 0),
      ...(row['stored'] === row['uploads'] ? [] : [`${String(row['stored'])} of ${String(row['uploads'])} are stored`]),
    ],
  },
  {
    name: 'copy',
    says: 'how fast a file is copied, and in how much memory, beside a bare pipe (measured)',
    run: (isSmall) => spread(copy(isSmall ? { sizes: [1, 100], turns: 1 } : {})),
  },
  {
    name: 'cold-start',
    says: 'what it takes to load each function, beside a bare client of S3 (measured)',
    run: async (isSmall) => rowsOf(await coldStart(isSmall ? { turns: 1 } : {})),
    check: (row) => atMost(row, 'kilobytes', 720),
  },
  {
    name: 'cost',
    says: 'what AWS bills (simulated, with list prices)',
    run: async (isSmall) => rowsOf(await cost(isSmall ? { uploads: 5, inBurst: 20 } : {})),
    check: (row) => (row['of'] === 'a model' && row['item'] === 'transitions' ? atMost(row, 'dollars', 0.00038) : []),
  },
  {
    name: 'growth',
    says: 'what a model takes, by the number of images at once (simulated)',
    run: (isSmall) => spread(growth(isSmall ? { uploads: [10, 40] } : {})),
    check: (row) => [...atMost(row, 'requestsPerModel', 16), ...atMost(row, 'callsPerModel', 150)],
  },
  {
    name: 'local',
    says: 'the local run with many images (measured)',
    run: async (isSmall) => rowsOf([await local(isSmall ? { images: 12 } : {})]),
  },
  {
    name: 'renditions',
    says: 'the files that are made of a model (measured; npm run measure:renditions has all of them)',
    run: (isSmall) => playRenditions(isSmall ? RENDITIONS.slice(0, 1) : RENDITIONS),
  },
];

/** A row whose type is an interface has no index signature, so it is copied. */
async function* spread(rows: AsyncIterable<object> | Iterable<object>): AsyncGenerator<Row> {
  for await (const row of rows) yield { ...row };
}

function rowsOf(rows: readonly object[]): Row[] {
  return rows.map((row) => ({ ...row }));
}

const CEILINGS = [5, 20, 60];

async function* playBursts(isSmall: boolean, limits: Limits): AsyncGenerator<Row> {
  const { uploads = isSmall ? 24 : 300, requestsPerMinute = 100, seed } = limits;
  const ceilings = limits.ceiling === undefined ? (isSmall ? CEILINGS.slice(0, 1) : CEILINGS) : [limits.ceiling];
  for (const ceiling of ceilings) {
    const figures = await burst({ uploads, ceiling, requestsPerMinute, seed });
    yield {
      uploads,
      ceiling,
      requestsPerMinute,
      seed,
      busy: figures.busy,
      requestsPerModel: figures.requestsPerModel,
      inputsPerModel: figures.inputsPerModel,
      failed: figures.failed,
      missing: figures.missing,
      paidTwice: Math.max(0, figures.payments - uploads),
      stored: figures.stored,
      hours: figures.virtualHours,
      cost: figures.cost,
      shortcomings: shortcomings(figures).join('; '),
      running: figures.running,
    };
  }
}

const RENDITIONS = ['generated-1000-512', 'generated-50000-1024', 'generated-500000-2048'];

async function* playRenditions(names: readonly string[]): AsyncGenerator<Row> {
  for (const model of names) {
    const { seconds, peakMegabytes, sourceBytes, bytes } = await runOne(model);
    yield { model, seconds, peakMegabytes, sourceBytes, webBytes: bytes.web ?? 0 };
  }
}
