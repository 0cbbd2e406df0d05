import type { ParseArgsConfig } from 'node:util';
import { meant, optionsIn } from '../../../operator/options.ts';
import { UsageError } from '../../../operator/usage-error.ts';

/** The parts that are played without `--only`. */
export const PARTS = ['crash', 'faults', 'pairs', 'histories', 'burst', 'kills'] as const;
const ALL_PARTS = [...PARTS, 'chaos'] as const;
export type Part = (typeof ALL_PARTS)[number];

/** The parsed command line of the campaign. */
export interface CampaignCommand {
  readonly histories: number;
  readonly seed: number;
  readonly parts: readonly Part[];
  readonly uploads: number;
  readonly kills: number;
  /** Hours of chaos. */
  readonly hours: number;
  readonly workers: number;
}

export const help = `Runs the fault campaign: the whole product in one process, on virtual time.

  npm run campaign                     all parts but chaos
  npm run campaign -- --only crash     one part: crash, faults, pairs, histories, burst, kills, or
                                       chaos: the real local run with kills, full disks, and damaged copies

  --histories N   random histories, default 2000
  --seed N        seed of the histories, default 1; the same seed and number of workers repeat the same histories
  --uploads N     images in the burst, default 1000
  --kills N       kills of the real local run, over real HTTP, default 50; each takes about six seconds
  --hours N       hours of chaos in the time of the local run, default 24; each takes about a minute
  --workers N     parallel processes, default 2
  --help

Exit codes: 0 if every promise is kept, 1 with the story of the first history that breaks one, and 2 for an invalid call.
`;

const options = {
  histories: { type: 'string' },
  seed: { type: 'string' },
  only: { type: 'string' },
  uploads: { type: 'string' },
  kills: { type: 'string' },
  hours: { type: 'string' },
  workers: { type: 'string' },
  help: { type: 'boolean' },
} as const satisfies ParseArgsConfig['options'];

/** @throws UsageError */
export function readCampaign(args: readonly string[]): CampaignCommand | 'help' {
  const { values } = optionsIn(args, { options });
  if (values.help) return 'help';
  return {
    histories: wholeOf('--histories', values.histories, 2000),
    seed: wholeOf('--seed', values.seed, 1),
    parts: values.only === undefined ? PARTS : [partOf(values.only)],
    uploads: wholeOf('--uploads', values.uploads, 1000),
    kills: wholeOf('--kills', values.kills, 50),
    hours: wholeOf('--hours', values.hours, 24),
    workers: Math.max(1, wholeOf('--workers', values.workers, 2)),
  };
}

function partOf(text: string): Part {
  const part = ALL_PARTS.find((part) => part === text);
  if (part) return part;
  throw new UsageError(
    `--only ${text}: there is no such part${meant(text, ALL_PARTS)} (they are ${ALL_PARTS.join(', ')})`,
  );
}

function wholeOf(option: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (/^\d+$/.test(text)) return Number(text);
  throw new UsageError(`${option} ${text}: use a whole number`);
}
