import type { StandInOptionsInput } from '../../../local/scenario/moods/options.ts';
import { type Ended, type History, play } from './history.ts';
import { files } from '../world/images.ts';
import type { WireFault } from '../world/wire-faults.ts';
import { isPossible, type WireCall, type WirePlan } from '../world/wire.ts';
import type { Setting } from '../world/world.ts';

/** One kind of way that an upload takes to its result. */
export interface Way {
  readonly name: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly standIn?: StandInOptionsInput;
  readonly setting?: Omit<Partial<Setting>, 'seed'>;
  /** How many uploads of the one picture there are. @default 1 */
  readonly copies?: number;
  /** The final phase of the undisturbed run. */
  readonly phase: 'stored' | 'failed' | 'rejected';
  /** The minimum number of calls in the undisturbed run, so that the test can't silently cover fewer of them. */
  readonly leastCalls: number;
}

const on = 'generate' as const;

/** The ways from the upload to each kind of result, and through each kind of trouble with the paid call. */
export const WAYS: readonly Way[] = [
  { name: 'stored', phase: 'stored', leastCalls: 34 },
  {
    name: 'rejected for a bad parameter',
    metadata: { 'tripo-face-limit': 'many' },
    phase: 'rejected',
    leastCalls: 11,
  },
  {
    name: 'rejected by Scenario',
    standIn: { faults: [{ on, what: 'bad-request' }] },
    phase: 'rejected',
    leastCalls: 20,
  },
  {
    name: 'failed at the provider',
    standIn: { faults: [{ on, what: 'fails' }] },
    phase: 'failed',
    leastCalls: 24,
  },
  {
    name: 'stored after a refusal because of load',
    standIn: { faults: [{ on, what: 'ceiling', times: 2 }] },
    phase: 'stored',
    leastCalls: 50,
  },
  {
    name: 'stored after the paid answer was lost',
    standIn: { faults: [{ on, what: 'lost-cut' }] },
    phase: 'stored',
    leastCalls: 36,
  },
  {
    name: 'stored after the paid request was lost',
    standIn: { faults: [{ on, what: 'cut-before' }] },
    phase: 'stored',
    leastCalls: 48,
  },
  {
    name: 'stored without a daily limit',
    setting: { environment: { MAX_CU_PER_DAY: 'Infinity' } },
    phase: 'stored',
    leastCalls: 30,
  },
  {
    name: 'stored once for two uploads of one picture',
    copies: 2,
    phase: 'stored',
    leastCalls: 60,
  },
  {
    name: 'stored by one of two invocations',
    setting: { receivedTwice: (nth) => nth === 1 },
    phase: 'stored',
    leastCalls: 48,
  },
];

function historyOf(way: Way, seed: number, wire: WirePlan): History {
  return {
    setting: { ...way.setting, seed, standIn: { jobSeconds: 60, ...way.standIn }, wire },
    drops: Array.from({ length: way.copies ?? 1 }, (_, n) => ({
      atSeconds: n,
      key: n === 0 ? 'chairs/oak.png' : `chairs/oak ${n + 1}.png`,
      bytes: files.png,
      metadata: way.metadata ?? {},
    })),
  };
}

/** One fault at one call of the run. */
export interface Point {
  readonly way: Way;
  readonly call: Pick<WireCall, 'number' | 'name'>;
  readonly fault: WireFault;
}

/** Plays the undisturbed run to find the calls at which a fault is possible. */
export async function pointsOf(
  way: Way,
  seed: number,
  faults: readonly WireFault[] = [{ what: 'crash-before' }, { what: 'crash-after' }],
): Promise<{ readonly clean: Ended; readonly points: readonly Point[] }> {
  const calls: WireCall[] = [];
  const clean = await play(historyOf(way, seed, (call) => void calls.push(call)));
  const points = calls.flatMap((call) =>
    faults.filter((fault) => isPossible(fault, call)).map((fault) => ({ way, call, fault })),
  );
  return { clean, points };
}

export function playPoint({ way, call, fault }: Point, seed: number): Promise<Ended> {
  return play(historyOf(way, seed, ({ number }) => (number === call.number ? fault : undefined)));
}

export function nameOf({ way, call, fault }: Point, seed: number): string {
  return `${way.name}, ${fault.what} at call ${call.number} (${call.name}), seed ${seed}`;
}
