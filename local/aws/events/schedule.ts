import * as z from 'zod';

const UNIT_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

/** Node's timers take no more. */
const LONGEST_MS = 2 ** 31 - 1;

/** `rate(15 minutes)`, in milliseconds. A cron expression is refused: on a machine that sleeps at night it means little. */
export const scheduleSchema = z.string().transform((expression, context): number => {
  const [, count, unit] = /^rate\(([1-9]\d*) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  if (count !== undefined && unit !== undefined)
    return Math.min(LONGEST_MS, Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS]);
  context.addIssue(`${expression} is not known here, only rates such as rate(15 minutes) or rate(1 hour)`);
  return z.NEVER;
});

/** A run of a few images is over by then, and no process was started for nothing. */
const FIRST_MS = 15_000;

/**
 * Calls at a rate, and once soon after the start: what an earlier process left behind may have to be mended, and nobody
 * should have to wait an hour for it. A call that is due while the last one still runs is left out.
 *
 * @returns stops calling
 */
export function startSchedule(everyMs: number, call: () => Promise<void>, firstMs = FIRST_MS): () => void {
  let busy = false;
  const due = () => {
    if (busy) return;
    busy = true;
    void call().finally(() => {
      busy = false;
    });
  };
  const first = setTimeout(due, firstMs);
  const next = setInterval(due, everyMs);
  return () => {
    clearTimeout(first);
    clearInterval(next);
  };
}
