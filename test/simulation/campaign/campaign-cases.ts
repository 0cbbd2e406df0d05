import { nameOf as pointName, playPoint, pointsOf, WAYS } from './crash-everywhere.ts';
import { DISTURBANCES, isWithinBounds, LARGE_DISTURBANCES } from './disturbances.ts';
import { disturbedHistory, nameOf as disturbanceName } from './disturbed-history.ts';
import { type Ended, play } from './history.ts';
import { WIRE_FAULTS } from '../world/wire-faults.ts';

/** One history of the campaign, with a name that identifies it. */
export interface Case {
  readonly name: string;
  /** The faults in the history. */
  readonly faults: readonly string[];
  /** The phase in which the run must end. @default any phase */
  readonly phase?: string;
  readonly play: () => Promise<Ended>;
}

/** Returns each fault of a call, at each call of each way. */
export async function crashCases(seed: number): Promise<readonly Case[]> {
  const cases: Case[] = [];
  for (const way of WAYS) {
    const { points } = await pointsOf(way, seed, WIRE_FAULTS);
    for (const point of points)
      cases.push({
        name: pointName(point, seed),
        faults: [point.fault.what],
        play: () => playPoint(point, seed),
      });
  }
  return cases;
}

/** Returns each disturbance alone. */
export function faultCases(seed: number): readonly Case[] {
  return [...DISTURBANCES, ...LARGE_DISTURBANCES].map((one) => ({
    name: `${one.name}, seed ${seed}`,
    faults: [one.name],
    phase: one.phase ?? 'stored',
    play: () => play(disturbedHistory([one], seed)),
  }));
}

/** Returns each pair of disturbances. */
export function pairCases(seed: number): readonly Case[] {
  return DISTURBANCES.flatMap((one, n) => DISTURBANCES.slice(n + 1).map((other) => [one, other] as const))
    .filter(isWithinBounds)
    .map((pair) => ({
      name: `${disturbanceName(pair)}, seed ${seed}`,
      faults: pair.map(({ name }) => name),
      play: () => play(disturbedHistory(pair, seed)),
    }));
}

/** Returns what is wrong with the end of a history, or undefined. */
export function problemOf({ phase }: Case, { problem, phases }: Ended): string | undefined {
  if (problem !== undefined || phase === undefined || phases[0] === phase) return problem;
  return `the run must end as ${phase}, but ends as ${phases[0]}`;
}
