import type { ParseArgsConfig } from 'node:util';
import { optionsIn } from '../../operator/options.ts';
import { UsageError } from '../../operator/usage-error.ts';
import { burst, shortcomings } from '../simulation/campaign/burst.ts';

const help = `Measures Meshdrop.

  npm run bench -- burst    many images at once, in the simulation of the whole product, on virtual time

  --uploads N               images, each with other bytes, default 300
  --ceiling N               parallel jobs that Scenario allows, default 20
  --requests-per-minute N   requests that are left of the project's, default 100
  --seed N                  default 1; the same seed gives the same figures
  --json                    print one line of JSON (use npm run --silent bench -- …)
  --help

Exit codes: 0 if every image has one model that was paid once, 1 if not, and 2 for an invalid call.
`;

const options = {
  uploads: { type: 'string', default: '300' },
  ceiling: { type: 'string', default: '20' },
  'requests-per-minute': { type: 'string', default: '100' },
  seed: { type: 'string', default: '1' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const satisfies ParseArgsConfig['options'];

async function bench(args: readonly string[]): Promise<number> {
  const { values, positionals } = optionsIn(args, { options, allowPositionals: true });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const [name = '', ...rest] = positionals;
  if (name !== 'burst' || rest.length > 0)
    throw new UsageError(`there is no bench "${positionals.join(' ')}"; the only one is burst`);
  const [uploads, ceiling, requestsPerMinute, seed] = (
    ['uploads', 'ceiling', 'requests-per-minute', 'seed'] as const
  ).map((option) => wholeOf(option, values[option])) as [number, number, number, number];
  const figures = await burst({ uploads, ceiling, requestsPerMinute, seed });
  const line = {
    bench: 'burst',
    uploads,
    ceiling,
    requestsPerMinute,
    seed,
    busy: rounded(figures.busy, 3),
    requestsPerModel: rounded(figures.requestsPerModel, 2),
    inputsPerModel: rounded(figures.inputsPerModel, 2),
    failed: figures.failed,
    missing: figures.missing,
    paidTwice: Math.max(0, figures.payments - uploads),
    stored: figures.stored,
    hours: rounded(figures.virtualHours, 2),
    cost: rounded(figures.cost, 5),
  };
  const lines = Object.entries(line).map(([what, value]) => `${what.padEnd(20)} ${value}`);
  process.stdout.write(values.json ? `${JSON.stringify(line)}\n` : `${lines.join('\n')}\n`);
  if (!values.json) process.stdout.write(`${JSON.stringify(figures.requests)}\n`);
  const broken = shortcomings(figures);
  for (const one of broken) process.stderr.write(`${one}\n`);
  return figures.stored === uploads && figures.payments === uploads ? 0 : 1;
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
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
