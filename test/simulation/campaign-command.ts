import type { ParseArgsConfig } from 'node:util';
import { meant, optionsIn } from '../../operator/options.ts';
import { UsageError } from '../../operator/usage-error.ts';

export const PARTS = ['crash', 'faults', 'pairs', 'histories', 'burst', 'kills'] as const;
export type Part = (typeof PARTS)[number];

/** The parsed command line of the campaign. */
export interface CampaignCommand {
  readonly histories: number;
  readonly seed: number;
  readonly parts: readonly Part[];
  readonly uploads: number;
  readonly kills: number;
  readonly workers: number;
}

export const help = `Runs the fault campaign: the whole product in one process, on virtual time.

  npm run campaign                     all parts
  npm run campaign -- --only crash     one part: crash, faults, pairs, histories, burst or kills

  --histories N   random histories, default 2000
  --seed N        seed of the histories, default 1; the same seed and number of workers repeat the same histories
  --uploads N     images in the burst, default 1000
  --kills N       kills of the real local run, over real HTTP, default 50; each takes about six seconds
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
    workers: Math.max(1, wholeOf('--workers', values.workers, 2)),
  };
}

function partOf(text: string): Part {
  const part = PARTS.find((part) => part === text);
  if (part) return part;
  throw new UsageError(`--only ${text}: there is no such part${meant(text, PARTS)} (they are ${PARTS.join(', ')})`);
}

function wholeOf(option: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (/^\d+$/.test(text)) return Number(text);
  throw new UsageError(`${option} ${text}: use a whole number`);
}
