import { nameOf as pointName, playPoint, pointsOf, WAYS } from './crash-everywhere.ts';
import { DISTURBANCES, isWithinBounds, LARGE_DISTURBANCES } from './disturbances.ts';
import { disturbedHistory, nameOf as disturbanceName } from './disturbed-history.ts';
import { type Ended, play } from './history.ts';
import { WIRE_FAULTS } from './wire-faults.ts';

/** One history of the campaign, under a name by which it can be found again. */
export interface Case {
  readonly name: string;
  /** What it disturbs the product with. */
  readonly faults: readonly string[];
  /** How it has to end. @default however it likes */
  readonly phase?: string;
  readonly play: () => Promise<Ended>;
}

/** Every fault of a call, at every call of every way. */
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

/** Every disturbance alone. */
export function faultCases(seed: number): readonly Case[] {
  return [...DISTURBANCES, ...LARGE_DISTURBANCES].map((one) => ({
    name: `${one.name}, seed ${seed}`,
    faults: [one.name],
    phase: one.phase ?? 'stored',
    play: () => play(disturbedHistory([one], seed)),
  }));
}

/** Every two of them. */
export function pairCases(seed: number): readonly Case[] {
  return DISTURBANCES.flatMap((one, n) => DISTURBANCES.slice(n + 1).map((other) => [one, other] as const))
    .filter(isWithinBounds)
    .map((pair) => ({
      name: `${disturbanceName(pair)}, seed ${seed}`,
      faults: pair.map(({ name }) => name),
      play: () => play(disturbedHistory(pair, seed)),
    }));
}

/** What is wrong with how it ended; undefined when nothing is. */
export function problemOf({ phase }: Case, { problem, phases }: Ended): string | undefined {
  if (problem !== undefined || phase === undefined || phases[0] === phase) return problem;
  return `it should have ended ${phase} and ended ${phases[0]}`;
}
