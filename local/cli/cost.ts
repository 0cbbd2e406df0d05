import { createInterface } from 'node:readline/promises';
import { SubmissionsHeldError } from '../../functions/spending/errors.ts';
import type { Template } from '../aws/template.ts';
import { readSpentToday } from '../runs/documents.ts';
import type { LocalMeshdrop } from '../runs/local-meshdrop.ts';
import { DEFAULT_MODEL } from '../../functions/models/registry.ts';
import { UsageError } from '../../operator/usage-error.ts';
import type { Command } from './command-line.ts';

/** What one start can spend with real keys, in compute units, if nobody says otherwise. */
const MAX_CU = 400;

/** The most compute units that this start can spend. With the stand-in, nothing costs money. */
export function limitOf({ maxCu }: Pick<Command, 'maxCu'>, isStandIn: boolean): number {
  return maxCu ?? (isStandIn ? Number.POSITIVE_INFINITY : MAX_CU);
}

/** Who can be asked. */
export interface Asked {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
}

/**
 * Says what the images will cost. Asks if there are several, and if somebody is there to answer.
 *
 * @returns whether to go on
 * @throws UsageError if they would cost more than this start can spend
 */
export async function confirmCost(
  { images, maxCu, yes }: Pick<Command, 'images' | 'maxCu' | 'yes'>,
  { input, output }: Asked,
): Promise<boolean> {
  const estimate = Math.ceil(images.length * DEFAULT_MODEL.typicalCu);
  const limit = limitOf({ maxCu }, false);
  const cost = `${images.length === 1 ? '1 image costs' : `${images.length} images cost`} about ${estimate} compute units`;
  if (estimate > limit)
    throw new UsageError(
      `${cost}, more than --max-cu ${limit}: name fewer images, or raise --max-cu; nothing was started`,
    );
  output.write(`meshdrop: ${cost}; at most ${limit} can be spent (--max-cu)\n`);
  if (yes || images.length < 2 || !input.isTTY || !output.isTTY) return true;
  const terminal = createInterface({ input, output });
  const answer = await terminal.question('meshdrop: continue? [y/N] ').finally(() => terminal.close());
  return /^y(es)?$/i.test(answer.trim());
}

/** The functions know only a limit for the day, so this is what is spent already, and what this start can spend. */
export async function dailyLimit(
  maxCu: number,
  { functions }: Template,
  assets: Pick<LocalMeshdrop, 'store' | 'assetBucket'>,
): Promise<number> {
  if (maxCu === Number.POSITIVE_INFINITY) return maxCu;
  const spent = await readSpentToday(assets).catch((error: unknown) => {
    if (!(error instanceof SubmissionsHeldError)) throw error;
    throw new UsageError(`${error.message}; nothing was started`);
  });
  const limits = functions.map(({ properties }) => Number(properties.Environment?.Variables['MAX_CU_PER_DAY'] ?? NaN));
  return Math.min(spent + maxCu, ...limits.filter((limit) => !Number.isNaN(limit)));
}
