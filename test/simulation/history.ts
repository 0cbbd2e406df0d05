import './timeouts.ts';
import type { Ledger } from '../../local/scenario/ledger.ts';
import { isSettled, openEnds } from './end-check.ts';
import { Violation } from './invariants.ts';
import { openWorld } from './open-world.ts';
import type { Drop, Setting, World } from './world.ts';

/** One upload and when it comes. */
export interface PlannedDrop extends Drop {
  readonly atSeconds: number;
  /** When somebody removes that version again. @default never */
  readonly removedAfterSeconds?: number | undefined;
}

/** Everything that decides what happens. */
export interface History {
  readonly setting: Setting;
  readonly drops: readonly PlannedDrop[];
  /** Submissions are paused from the beginning until then. */
  readonly pausedSeconds?: number | undefined;
  /** When somebody stops all executions by hand. */
  readonly abortsAtSeconds?: readonly number[];
  /** Knobs of the stand-in that change later: credits are bought, a model comes back. */
  readonly changes?: readonly { readonly atSeconds: number; readonly standIn: object }[];
}

export interface Ended {
  /** What must not have happened, or should have. Undefined when all is well. */
  readonly problem: string | undefined;
  readonly story: () => readonly string[];
  readonly calls: number;
  readonly payments: number;
  readonly virtualSeconds: number;
  /** By phase, how the runs ended. */
  readonly phases: readonly string[];
  readonly ledger: Ledger;
  /** Of the uploads queue: all receives, and those of the message that was received most. */
  readonly receives: { readonly all: number; readonly most: number };
}

/** Faults are over within two hours. What is not answered a day and a half later, after all sweeps, never will be. */
const LONGEST_MS = 36 * 3_600_000;
/** Far more steps than an upload ever needs: somebody goes round in circles. */
const MOST_STEPS_EACH = 50_000;

/** Plays a history to its end. */
export async function play(history: History): Promise<Ended> {
  const world = await openWorld(history.setting);
  const start = world.clock.now();
  for (const drop of history.drops) plan(drop, world);
  for (const { atSeconds, standIn } of history.changes ?? [])
    world.clock.after(atSeconds * 1000, () => world.standIn.setOptions(standIn));
  if (history.pausedSeconds !== undefined) {
    await world.pause(true);
    world.clock.after(history.pausedSeconds * 1000, () => world.pause(false));
  }
  for (const seconds of history.abortsAtSeconds ?? [])
    world.clock.after(seconds * 1000, async () => {
      for (const { executionArn } of world.aws.machine.list()) await world.aws.machine.stop(executionArn);
    });
  const mostSteps = history.drops.length * MOST_STEPS_EACH;
  const problem = await problemOf(world, start + LONGEST_MS, mostSteps);
  const { records, payments } = world.invariants;
  const ended: Ended = {
    problem,
    story: () => world.story.lines(),
    calls: world.wire.calls(),
    payments: [...payments.values()].reduce((sum, paid) => sum + paid, 0),
    virtualSeconds: (world.clock.now() - start) / 1000,
    phases: world.uploads.map(({ runId }) => records.get(runId)?.phase ?? 'none'),
    ledger: world.ledger(),
    receives: world.receives(),
  };
  await world.close();
  return ended;
}

function plan({ atSeconds, removedAfterSeconds, ...drop }: PlannedDrop, world: World): void {
  world.clock.after(atSeconds * 1000, async () => {
    const dropped = await world.drop(drop);
    if (removedAfterSeconds === undefined) return;
    world.clock.after(removedAfterSeconds * 1000, () => world.remove(dropped));
  });
}

async function problemOf(world: World, latest: number, mostSteps: number): Promise<string | undefined> {
  try {
    for (let steps = 0; !isSettled(world); steps += 1) {
      if (world.clock.now() > latest || steps > mostSteps || !(await world.step())) break;
    }
    return openEnds(world)[0];
  } catch (error) {
    if (error instanceof Violation) return error.message;
    throw error;
  }
}

/** A failed history, to be read. */
export function told({ problem, story }: Ended, how: string): string {
  return [`${problem}`, `  in the history: ${how}`, ...story().map((line) => `  ${line}`)].join('\n');
}
