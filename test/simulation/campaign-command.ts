import type { ParseArgsConfig } from 'node:util';
import { meant, optionsIn } from '../../operator/options.ts';
import { UsageError } from '../../operator/usage-error.ts';

export const PARTS = ['crash', 'faults', 'pairs', 'histories', 'burst', 'kills'] as const;
export type Part = (typeof PARTS)[number];

/** What the campaign was asked to do. */
export interface CampaignCommand {
  readonly histories: number;
  readonly seed: number;
  readonly parts: readonly Part[];
  readonly uploads: number;
  readonly kills: number;
  readonly workers: number;
}

export const help = `The fault campaign: the whole product in one process, on virtual time.

  npm run campaign                     all parts
  npm run campaign -- --only crash     one part: crash, faults, pairs, histories, burst or kills

  --histories N   random histories, default 2000
  --seed N        where they start, default 1; the same seed, on as many workers, gives the same histories
  --uploads N     images of the burst, default 1000
  --kills N       of the real local run, over real HTTP, default 50; some six seconds each
  --workers N     processes side by side, default 2
  --help

Ends with 0 when every promise was kept, with 1 and the story of the first history where one was not, and with 2 when it
was called wrongly.
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
