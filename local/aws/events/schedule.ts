import * as z from 'zod';
import type { Clock } from '../clock.ts';

const UNIT_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

/**
 * Parses `rate(15 minutes)` into milliseconds. Rejects cron expressions, because a machine that sleeps at night misses
 * their times.
 */
export const scheduleSchema = z.string().transform((expression, context): number => {
  const [, count, unit] = /^rate\(([1-9]\d*) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  if (count !== undefined && unit !== undefined) return Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
  context.addIssue(`${expression} is not supported, only rates such as rate(15 minutes) or rate(1 hour)`);
  return z.NEVER;
});

export interface ScheduleOptions {
  readonly clock: Clock;
  readonly everyMs: number;
  /** The delay before the first call. @default everyMs, as on AWS */
  readonly firstMs?: number | undefined;
  readonly call: () => Promise<void>;
}

/**
 * Calls at a fixed rate. Skips a call if the previous one is still running.
 *
 * @returns a function that stops the schedule
 */
export function startSchedule({ clock, everyMs, firstMs = everyMs, call }: ScheduleOptions): () => void {
  let busy = false;
  let cancel = clock.after(firstMs, turn, { isBackground: true });

  function turn(): void {
    cancel = clock.after(everyMs, turn, { isBackground: true });
    if (busy) return;
    busy = true;
    void call().finally(() => {
      busy = false;
    });
  }

  return () => cancel();
}
