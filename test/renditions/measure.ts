import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { PRICES, RENDITIONS_GIGABYTES } from '../benchmarks/prices.ts';
import { CORPUS } from './corpus/corpus.ts';
import { faultsIn } from './faults-in.ts';
import type { Outcome } from './make-one.ts';
import { runOne } from './run-one.ts';

/** Measures the renditions of every model of the corpus, and prints a table, percentiles, and the price. */
const { values } = parseArgs({
  options: { out: { type: 'string' }, only: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean' } },
});
const help = `Measures the renditions of every model of the corpus.

  npm run measure:renditions -- [--only NAME] [--out DIR] [--json]

  --only NAME  models whose name begins like this
  --out DIR    folder for the models and their renditions
  --json       print one line of JSON for each model
`;

/** A file each, renditions.json, and what is read. */
const REQUESTS = 5 * PRICES.s3Write + 4 * PRICES.s3Read + PRICES.event;

const price = ({ seconds }: Outcome) => seconds * RENDITIONS_GIGABYTES * PRICES.lambdaGigabyteSecond + REQUESTS;

function percentile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function tell(outcome: Outcome): void {
  if (values.json) return void process.stdout.write(`${JSON.stringify(outcome)}\n`);
  const { name, seconds, peakMegabytes, sourceBytes, bytes, triangles, silhouette, colorDifference } = outcome;
  const megabytes = (size = 0) => (size / 1_000_000).toFixed(2).padStart(7);
  const columns = [
    name.padEnd(26),
    seconds.toFixed(1).padStart(6),
    String(peakMegabytes).padStart(6),
    megabytes(sourceBytes),
    megabytes(bytes.web),
    megabytes(bytes.ar),
    String(triangles ?? '–').padStart(8),
    (silhouette ?? 0).toFixed(4).padStart(8),
    (colorDifference ?? 0).toFixed(2).padStart(6),
  ];
  process.stdout.write(`${columns.join(' ')}  ${faultsIn(outcome).join('; ')}\n`);
}

async function measureAll(): Promise<readonly Outcome[]> {
  const queue = CORPUS.filter(({ name }) => name.startsWith(values.only ?? ''));
  const outcomes: Outcome[] = [];
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const outcome = await runOne(next.name, values.out);
      outcomes.push(outcome);
      tell(outcome);
    }
  };
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work));
  return outcomes;
}

if (values.help) process.stdout.write(help);
else {
  if (!values.json)
    process.stdout.write(`${'model'.padEnd(26)} second     MB  source     web    usdz triangle  outline  color\n`);
  const outcomes = await measureAll();
  const faulty = outcomes.filter((outcome) => faultsIn(outcome).length > 0);
  const isKept = ({ bytes, triangles = 0 }: Outcome) => (bytes.web ?? Infinity) <= 5_000_000 && triangles <= 100_000;
  const line = (what: string, numbers: readonly number[], digits: number) =>
    `${what.padEnd(34)} p50 ${percentile(numbers, 0.5).toFixed(digits)}, p95 ${percentile(numbers, 0.95).toFixed(digits)}, most ${Math.max(...numbers).toFixed(digits)}`;
  const of = (value: (outcome: Outcome) => number) => outcomes.map(value);
  process.stderr.write(`
${outcomes.length} models, ${faulty.length} with faults, ${outcomes.filter(isKept).length} within 5 MB and 100,000 triangles
${line(
  'seconds',
  of(({ seconds }) => seconds),
  1,
)}
${line(
  'peak memory in MB',
  of(({ peakMegabytes }) => peakMegabytes),
  0,
)}
${line('price in US dollars', of(price), 6)}
${line(
  '1 - overlap of the outlines',
  of(({ silhouette = 0 }) => 1 - silhouette),
  4,
)}
${line(
  'color difference (ΔE)',
  of(({ colorDifference = 0 }) => colorDifference),
  2,
)}
`);
  process.exitCode = faulty.length > 0 ? 1 : 0;
}
