import type { ParseArgsConfig } from 'node:util';
import leven from 'leven';
import { optionsIn } from '../../operator/options.ts';
import { UsageError } from '../../operator/usage-error.ts';
import { BENCHES, type Bench, type Limits, type Row } from './benches.ts';
import { keepFigures, writeReports } from './report.ts';
import { tableOf } from './table.ts';

const names = BENCHES.map(({ name, says }) => `    ${name.padEnd(12)} ${says}`).join('\n');
const help = `Measures Meshdrop, and prints tables.

  npm run bench                 all benches; takes about half an hour
  npm run bench -- NAME         one of them:

${names}

  --json                    print lines of JSON (use npm run --silent bench -- …)
  --small                   a small version; fails only on counted figures, never on times
  --write                   keep the figures, and write docs/performance.md, docs/costs.md, and the plots
  --seed N                  of the simulations, default 1; the same seed gives the same figures
  --uploads N, --ceiling N, --requests-per-minute N
                            of burst: images, parallel jobs, and requests that Scenario allows
  --help

Exit codes: 0 if the counted figures are within their bounds, 1 if not, and 2 for an invalid call.
`;

const options = {
  json: { type: 'boolean', default: false },
  small: { type: 'boolean', default: false },
  write: { type: 'boolean', default: false },
  seed: { type: 'string', default: '1' },
  uploads: { type: 'string' },
  ceiling: { type: 'string' },
  'requests-per-minute': { type: 'string' },
  help: { type: 'boolean', default: false },
} as const satisfies ParseArgsConfig['options'];

async function bench(args: readonly string[]): Promise<number> {
  const { values, positionals } = optionsIn(args, { options, allowPositionals: true });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  if (values.small && values.write) throw new UsageError('--small and --write exclude each other');
  const limits = Object.fromEntries(
    (['seed', 'uploads', 'ceiling', 'requests-per-minute'] as const).flatMap((option) => {
      const text = values[option];
      const name = option === 'requests-per-minute' ? 'requestsPerMinute' : option;
      return text === undefined ? [] : [[name, wholeOf(option, text)]];
    }),
  ) as unknown as Limits;
  const broken: string[] = [];
  for (const one of chosen(positionals)) {
    const rows = await play(one, values, limits);
    for (const row of rows) broken.push(...(one.check?.(row) ?? []).map((why) => `${one.name}: ${why}`));
    if (values.write) await keepFigures(one.name, rows);
  }
  if (values.write) await writeReports();
  for (const why of broken) process.stderr.write(`${why}\n`);
  return broken.length === 0 ? 0 : 1;
}

function chosen(positionals: readonly string[]): readonly Bench[] {
  const [name, ...rest] = positionals;
  if (name === undefined) return BENCHES;
  const found = BENCHES.find((one) => one.name === name);
  if (found && rest.length === 0) return [found];
  const nearest = BENCHES.map((one) => one.name).find((one) => leven(one, name) <= 2);
  const hint = nearest === undefined ? '' : `, did you mean ${nearest}?`;
  throw new UsageError(
    `there is no bench "${positionals.join(' ')}"${hint} (benches: ${BENCHES.map((one) => one.name).join(', ')})`,
  );
}

async function play(
  { name, says, run }: Bench,
  { json, small }: { readonly json: boolean; readonly small: boolean },
  limits: Limits,
): Promise<readonly Row[]> {
  if (!json) process.stdout.write(`${name}: ${says}\n`);
  const rows: Row[] = [];
  const begun = performance.now();
  for await (const row of await run(small, limits)) {
    rows.push(row);
    if (json) process.stdout.write(`${JSON.stringify({ bench: name, ...row })}\n`);
    else if (process.stderr.isTTY) process.stderr.write(`\r${name}: ${rows.length} rows\u001b[K\r`);
  }
  const seconds = ((performance.now() - begun) / 1000).toFixed(0);
  if (!json) process.stdout.write(`${tableOf(rows)}\n(${seconds} s)\n\n`);
  return rows;
}

function wholeOf(option: string, text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number > 0) return number;
  throw new UsageError(`--${option} ${text}: use a whole number greater than 0`);
}

try {
  process.exitCode = await bench(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
process.exit();
