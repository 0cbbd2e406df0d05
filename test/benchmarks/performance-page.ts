import { frontierOf } from './polling.ts';
import { JOB_KINDS } from './job-kinds.ts';
import type { Row } from './benches.ts';
import type { Plot, Series } from './plot.ts';
import type { Figures } from './report.ts';
import { markdownTable } from './table.ts';

const rowsOf = ({ benches }: Figures, bench: string): readonly Row[] => benches[bench]?.rows ?? [];
const dateOf = ({ benches }: Figures, bench: string): string => benches[bench]?.date ?? 'never';
const number = (row: Row, name: string): number => Number(row[name] ?? 0);

function line(name: string, rows: readonly Row[], x: string, y: string): Series {
  return { name, points: rows.map((row) => [number(row, x), number(row, y)]) };
}

/** In seconds. */
const HIGHEST_DELAY = 40;

/** Every plot of docs/performance.md, by the name of its file. */
export function plotsOf(figures: Figures): Readonly<Record<string, Plot>> {
  const polling = rowsOf(figures, 'polling').filter((row) => row['jobs'] === 'usual');
  const optimum = frontierOf(JOB_KINDS['usual'] ?? []).filter(
    ({ requests, delaySeconds }) => delaySeconds <= HIGHEST_DELAY && requests < 9,
  );
  const rules = [...new Set(polling.map((row) => String(row['rule'])))];
  const linear = polling.filter((row) => row['progress'] === 'linear');
  const burst = rowsOf(figures, 'burst');
  const copy = rowsOf(figures, 'copy');
  const growth = rowsOf(figures, 'growth');
  const cold = rowsOf(figures, 'cold-start');
  return {
    polling: {
      title: 'Delay against requests, for jobs with a median of 120 s',
      x: 'requests for each job',
      y: 'delay in seconds',
      highestY: HIGHEST_DELAY,
      hasLogX: true,
      ticks: [3, 5, 10, 20, 50],
      series: [
        { name: 'optimum', points: optimum.map(({ requests, delaySeconds }) => [requests, delaySeconds]) },
        ...rules.map((rule) => {
          const rows = polling.filter((row) => row['rule'] === rule && row['progress'] === 'none');
          return { ...line(rule, rows, 'requests', 'delaySeconds'), isLine: false };
        }),
        { ...line('Meshdrop, with progress', linear, 'requests', 'delaySeconds'), isLine: false },
      ],
    },
    burst: {
      title: `Jobs that run, of ${number(burst[0] ?? {}, 'uploads')} images at once`,
      x: 'minutes',
      y: 'jobs',
      series: burst.map((row) => ({
        name: `ceiling of ${String(row['ceiling'])}`,
        points: (row['running'] as readonly number[]).map((jobs, minute) => [minute, jobs] as const),
      })),
    },
    'copy-speed': {
      title: 'Speed of a copy, if that of a bare pipe is 1',
      x: 'size in MB',
      y: 'times the speed of a bare pipe',
      hasLogX: true,
      series: [line('Meshdrop', copy, 'megabytes', 'speed')],
    },
    'copy-memory': {
      title: 'Highest memory of a copy',
      x: 'size in MB',
      y: 'MB',
      hasLogX: true,
      series: [
        line('Meshdrop', copy, 'megabytes', 'peakMegabytes'),
        line('a bare pipe', copy, 'megabytes', 'pipePeakMegabytes'),
      ],
    },
    'cold-start': {
      title: 'Processor time to load a function, if a bare client of S3 takes 1',
      x: '',
      ticks: [],
      y: 'times the bare client',
      series: cold.map((row, n) => ({
        name: String(row['function']),
        points: [[n + 1, number(row, 'ratio')]] as const,
      })),
    },
    growth: {
      title: 'What AWS bills for a model, by the number of images at once',
      x: 'images at once',
      y: 'US dollars for 1,000 models',
      hasLogX: true,
      series: [
        {
          name: 'without renditions',
          points: growth.map((row) => [number(row, 'uploads'), 1_000 * number(row, 'dollarsPerModel')]),
        },
      ],
    },
  };
}

const image = (name: string, says: string) => `![${says}](images/bench-${name}.svg)`;

export function performancePage(figures: Figures): string {
  const polling = rowsOf(figures, 'polling');
  const withoutProgress = polling.filter((row) => row['progress'] === 'none');
  const withProgress = polling.filter((row) => row['rule'] === 'Meshdrop, after 50 jobs' && row['jobs'] === 'usual');
  const seed = (bench: string) => String(rowsOf(figures, bench)[0]?.['seed'] ?? 1);
  const ceiling = String(rowsOf(figures, 'growth')[0]?.['ceiling'] ?? 20);
  return `# Performance

\`npm run bench\` measures Meshdrop beside what people would use instead, and beside the optimum, in one run on one
machine. \`npm run bench -- --write\` writes this page and its plots. Compare only figures of the same run: machines differ
from day to day.

These figures are from ${figures.machine}.

## When to check a job

Simulated with seed ${seed('polling')} (${dateOf(figures, 'polling')}): 20,000 jobs of each kind.

| Kind | Durations |
| --- | --- |
| usual | log-normal, with a median of 120 s and a 95th percentile of 420 s |
| fast | log-normal, 35 s and 110 s |
| slow | log-normal, 300 s and 1,050 s |
| two-humped | about 60 s, or about 300 s |

Dynamic programming finds the optimum, for somebody who knows the distribution exactly and never checks more often than
every 16 s.

${image('polling', 'Delay against requests of each rule, and the optimum')}

${markdownTable(withoutProgress, {
  jobs: 'Jobs',
  rule: 'Rule',
  requests: 'Requests for each job',
  delaySeconds: 'Delay, s',
  ratio: 'Times the optimum with as many requests',
  underMinuteSeconds: 'Delay of jobs under a minute, s',
})}

With progress that the job reports, for the usual jobs:

${markdownTable(withProgress, { progress: 'Progress', requests: 'Requests for each job', delaySeconds: 'Delay, s' })}

Where Meshdrop is not ahead:

- The SDK's wait notices an end within 1.5 s. It takes fifty requests for each job, and the project has a hundred a
  minute for everything.
- A fixed loop of 30 s notices those of the usual jobs that end within a minute a few seconds earlier. To do the same,
  Meshdrop would need one more request for each job. For slow jobs, the difference is larger, and such ends are rare.
- Progress that stops, or that is much faster at first, makes the last check late. It still costs fewer requests.

## Many images at once

Simulated with seed ${seed('burst')} (${dateOf(figures, 'burst')}): the whole product on virtual time, with the usual jobs and 100 requests
a minute.

${image('burst', 'Jobs that run over time, for each ceiling')}

${markdownTable(rowsOf(figures, 'burst'), {
  uploads: 'Images',
  ceiling: 'Jobs that Scenario allows at once',
  busy: 'Share of the slots in use',
  requestsPerModel: 'Requests for each model',
  stored: 'Stored',
  paidTwice: 'Paid twice',
  hours: 'Hours',
})}

With a ceiling of 60, the 100 requests a minute are what is short. Six requests for each model are near the least: an
input asset, the generation, two or three looks, the job, and its files.

## Copying a file

Measured (${dateOf(figures, 'copy')}) with the bundled code, from a host that generates a GLB to an S3 that discards it, beside a plain
pipe between the same two. 40 % of the bytes are geometry. Files up to 64 MB are also validated by the Khronos validator.

${image('copy-speed', 'Speed against size')}

${image('copy-memory', 'Memory against size')}

${markdownTable(rowsOf(figures, 'copy'), {
  megabytes: 'MB',
  validated: 'Validated',
  speed: 'Times the speed of the pipe',
  seconds: 'Seconds',
  peakMegabytes: 'Highest memory, MB',
  pipePeakMegabytes: 'of the pipe, MB',
})}

A file that is validated has to be kept in memory, and it can't be validated before all of it is there. The host and S3
take no time here, so both show in full. On this machine, memory that is used for the first time costs about 5 ms for
each MB, which is a third of the difference. Over a network, the validator works while the last parts are on their way.

## Cold starts

Measured (${dateOf(figures, 'cold-start')}): the processor time to load the bundle of each function, in a process of its own, in turns with a
bundle that has nothing but the client of S3 and the SDK's whole chain of credentials.

${image('cold-start', 'Processor time of each function')}

${markdownTable(rowsOf(figures, 'cold-start'), {
  function: 'Function',
  cpuMilliseconds: 'Milliseconds',
  ratio: 'Times the bare client',
  kilobytes: 'KB',
})}

The functions look for credentials only in the environment, so their bundles lack the chain, a fifth of their size. Most
of them still take longer than the bare client, because they also load zod's schemas (about 60 ms), the logger (about
30 ms), and other clients.

## Growth

Simulated with seed ${seed('growth')} (${dateOf(figures, 'growth')}): many images at once, jobs of 180 s, and at most ${ceiling} jobs at once.

${image('growth', 'Cost of a model against the number of images')}

${markdownTable(rowsOf(figures, 'growth'), {
  uploads: 'Images at once',
  requestsPerModel: 'Requests for each model',
  callsPerModel: 'Calls for each model',
  dollarsPerModel: 'US dollars for each model',
})}

While all slots are taken, two invocations of SubmitJob wait for one, and look every four seconds. That is most of what a
model costs more than when it is alone ([costs](costs.md)).

## The local run

Measured (${dateOf(figures, 'local')}): \`npm start\` with many images, \`--job-seconds 0 --speed 50\`, then a start with all of them finished.

${markdownTable(rowsOf(figures, 'local'), {
  images: 'Images',
  imagesPerSecond: 'Images a second',
  peakMegabytes: 'Highest memory of the process, MB',
  startCpuSeconds: 'Processor time of the next start, s',
  emptyStartCpuSeconds: 'in an empty folder, s',
})}

## Renditions

Measured (${dateOf(figures, 'renditions')}), one model at a time. \`npm run measure:renditions\` does the same for every model of the corpus.

${markdownTable(rowsOf(figures, 'renditions'), {
  model: 'Model',
  seconds: 'Seconds',
  peakMegabytes: 'Highest memory, MB',
  sourceBytes: 'Bytes of the original',
  webBytes: 'of the web version',
})}
`;
}
