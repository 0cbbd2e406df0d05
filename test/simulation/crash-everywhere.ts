import type { StandInOptionsInput } from '../../local/scenario/options.ts';
import { type Ended, type History, play } from './history.ts';
import { files } from './images.ts';
import type { WireFault } from './wire-faults.ts';
import { isPossible, type WireCall, type WirePlan } from './wire.ts';
import type { Setting } from './world.ts';

/** One upload on one kind of way to its answer. */
export interface Way {
  readonly name: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly standIn?: StandInOptionsInput;
  readonly setting?: Omit<Partial<Setting>, 'seed'>;
  /** How the undisturbed run ends. */
  readonly phase: 'stored' | 'failed' | 'rejected';
  /** Calls of the undisturbed run that there have to be at least: the sweep over them must not shrink unnoticed. */
  readonly leastCalls: number;
}

const on = 'generate' as const;

/** From the drop to each kind of answer, and through each kind of trouble with the paid call. */
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
    name: 'stored after a busy answer',
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
    name: 'stored within a daily limit',
    setting: { environment: { MAX_CU_PER_DAY: '1000' } },
    phase: 'stored',
    leastCalls: 36,
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
    drops: [{ atSeconds: 0, key: 'chairs/oak.png', bytes: files.png, metadata: way.metadata ?? {} }],
  };
}

/** The same run, with one fault at one call. */
export interface Point {
  readonly way: Way;
  readonly call: Pick<WireCall, 'number' | 'name'>;
  readonly fault: WireFault;
}

/** The undisturbed run tells where one may crash, or do whatever else to a call. */
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
