import '../world/timeouts.ts';
import type { Ledger } from '../../../local/scenario/jobs/ledger.ts';
import { isSettled, openEnds } from '../world/end-check.ts';
import type { RunRecord } from '../../../functions/run/record.ts';
import { Violation } from '../world/invariants.ts';
import type { Usage } from '../world/lambda.ts';
import { openWorld } from '../world/open-world.ts';
import type { Drop, Setting, World } from '../world/world.ts';

/** One upload and its time. */
export interface PlannedDrop extends Drop {
  readonly atSeconds: number;
  /** When the version is removed. @default never */
  readonly removedAfterSeconds?: number | undefined;
}

/** Everything that determines the course of a history. */
export interface History {
  readonly setting: Setting;
  readonly drops: readonly PlannedDrop[];
  /** Submissions are paused from the start until this time. */
  readonly pausedSeconds?: number | undefined;
  /** When a user stops all executions. */
  readonly abortsAtSeconds?: readonly number[];
  /** After this time, an upload without a result will never get one. @default a day and a half */
  readonly longestHours?: number;
  /** Options of the stand-in that change later, for example because credits are bought or a model returns. */
  readonly changes?: readonly { readonly atSeconds: number; readonly standIn: object }[];
}

export interface Ended {
  /** What happened against a promise, or failed to happen. Undefined if all promises are kept. */
  readonly problem: string | undefined;
  readonly story: () => readonly string[];
  readonly calls: number;
  readonly payments: number;
  readonly virtualSeconds: number;
  /** The final phases of the runs. */
  readonly phases: readonly string[];
  readonly ledger: Ledger;
  /** Receives from the uploads queue: the total, and the maximum for one message. */
  readonly receives: { readonly all: number; readonly most: number };
  /** Files that could not be copied. */
  readonly missing: number;
  readonly usage: ReadonlyMap<string, Usage>;
}

/** All faults end within two hours. After a day and a half, all sweeps have done their work. */
const LONGEST_HOURS = 36;
/** Far more steps than an upload needs. More steps are a sign of an endless loop. */
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
  const longestMs = (history.longestHours ?? LONGEST_HOURS) * 3_600_000;
  const problem = await problemOf(world, start + longestMs, mostSteps);
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
    missing: [...records.values()].reduce((sum, record) => sum + missingIn(record), 0),
    usage: world.lambda.usage(),
  };
  await world.close();
  return ended;
}

function missingIn(record: RunRecord): number {
  return 'missing' in record ? (record.missing?.length ?? 0) : 0;
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

/** Formats a failed history for a reader. */
export function told({ problem, story }: Ended, how: string): string {
  return [`${problem}`, `  in the history: ${how}`, ...story().map((line) => `  ${line}`)].join('\n');
}
