import { type ParseArgsConfig, parseArgs } from 'node:util';
import { closestMatch } from 'leven';

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

/** The campaign was called in a way that it does not know. */
export class WrongCampaignError extends Error {
  override readonly name = 'WrongCampaignError';
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

/** @throws WrongCampaignError */
export function readCampaign(args: readonly string[]): CampaignCommand | 'help' {
  const values = parsed(args);
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

function parsed(args: readonly string[]) {
  for (const arg of args) {
    const name = /^--([^=]+)/.exec(arg)?.[1];
    if (name !== undefined && !(name in options))
      throw new WrongCampaignError(
        `there is no option --${name}${nearest(name, Object.keys(options), '--')} (--help shows all)`,
      );
  }
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (cause) {
    const said = cause instanceof Error ? (cause.message.split(/\.\s|\n/)[0] ?? '') : String(cause);
    throw new WrongCampaignError(`${said} (--help shows all)`, { cause });
  }
}

function nearest(word: string, known: readonly string[], before = ''): string {
  const near = closestMatch(word, [...known], { maxDistance: 3 });
  return near ? `, did you mean ${before}${near}?` : '';
}

function partOf(text: string): Part {
  const part = PARTS.find((part) => part === text);
  if (part) return part;
  throw new WrongCampaignError(
    `--only ${text}: there is no such part${nearest(text, PARTS)} (they are ${PARTS.join(', ')})`,
  );
}

function wholeOf(option: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (/^\d+$/.test(text)) return Number(text);
  throw new WrongCampaignError(`${option} ${text}: use a whole number`);
}
