import * as fc from 'fast-check';
import { type Case, crashCases, faultCases, pairCases, problemOf } from './campaign-cases.ts';
import type { CampaignCommand, Part } from './campaign-command.ts';
import { type Ended, play, told } from './history.ts';
import { historyOf, randomHistory, type RandomHistory } from './histories.ts';

/** What one worker has done since its last report. */
export interface Figures {
  readonly part: Part;
  readonly histories: number;
  readonly calls: number;
  readonly payments: number;
  readonly virtualHours: number;
  /** The names of the faults that occurred. */
  readonly faults: readonly string[];
}

export type Report =
  | { readonly kind: 'figures'; readonly figures: Figures }
  /** The story of a history that breaks a promise. */
  | { readonly kind: 'violation'; readonly story: string }
  | { readonly kind: 'done' };

export interface Share {
  readonly part: Part;
  readonly worker: number;
  readonly command: CampaignCommand;
}

type Tell = (report: Report) => void;

/** Plays a worker's share of one part. Stops at the first broken promise. */
async function playShare({ part, worker, command }: Share, tell: Tell): Promise<void> {
  if (part === 'histories') return await playHistories(worker, command, tell);
  const all = await casesOf(part, command.seed);
  for (let n = worker; n < all.length; n += command.workers) {
    const one = all[n];
    if (!one) continue;
    const ended = await one.play();
    tell({ kind: 'figures', figures: figuresOf(part, ended, one.faults) });
    const problem = problemOf(one, ended);
    if (problem === undefined) continue;
    return tell({ kind: 'violation', story: told({ ...ended, problem }, one.name) });
  }
}

async function casesOf(part: Part, seed: number): Promise<readonly Case[]> {
  if (part === 'crash') return await crashCases(seed);
  return part === 'pairs' ? pairCases(seed) : faultCases(seed);
}

function figuresOf(part: Part, { calls, payments, virtualSeconds }: Ended, faults: readonly string[]): Figures {
  return { part, histories: 1, calls, payments, virtualHours: virtualSeconds / 3600, faults };
}

async function playHistories(worker: number, command: CampaignCommand, tell: Tell): Promise<void> {
  const { histories, workers, seed } = command;
  const numRuns = Math.floor(histories / workers) + (worker < histories % workers ? 1 : 0);
  if (numRuns === 0) return;
  const property = fc.asyncProperty(randomHistory, async (random) => {
    const ended = await play(historyOf(random));
    tell({ kind: 'figures', figures: figuresOf('histories', ended, faultsIn(random)) });
    if (ended.problem !== undefined) throw new Error(ended.problem);
  });
  // Each worker's sequence has its own start.
  const result = await fc.check(property, { numRuns, seed: seed * 1000 + worker });
  const [smallest] = result.counterexample ?? [];
  if (smallest) tell({ kind: 'violation', story: await storyOf(smallest) });
}

/** Replays a failed random history to get its story. */
export async function storyOf(random: RandomHistory): Promise<string> {
  return told(await play(historyOf(random)), JSON.stringify(random));
}

function faultsIn({
  calls,
  standIn,
  deliveries,
  receivedTwice,
  outages,
  abortsAtSeconds,
}: RandomHistory): readonly string[] {
  return [
    ...calls.map(({ fault }) => fault.what),
    ...(standIn.faults ?? []).map(({ on, what }) => `${on} ${what}`),
    ...outages.map(({ of, what }) => `outage of ${of || 'everything'}: ${what.what}`),
    ...(abortsAtSeconds.length > 0 ? ['executions are stopped'] : []),
    ...(deliveries.length > 0 ? ['late, lost, or duplicate events'] : []),
    ...(receivedTwice.length > 0 ? ['two invocations of one message'] : []),
  ];
}

const [share] = process.argv.slice(2);
if (process.send && share !== undefined && import.meta.main) {
  // The parent ends this process, so that no report is lost.
  process.once('disconnect', () => process.exit());
  await playShare(JSON.parse(share) as Share, (report) => process.send?.(report));
  process.send({ kind: 'done' } satisfies Report);
}
