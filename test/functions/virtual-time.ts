import type { Clock } from '../../functions/platform/clock.ts';

/** A clock that stands still until somebody sleeps on it. Its alarms never ring. */
export interface VirtualTime extends Clock {
  /** Moves the clock on. */
  pass(seconds: number): void;
  /** The sleeps so far, in milliseconds. */
  readonly slept: number[];
}

export const START = Date.UTC(2026, 9, 5, 10);

export function virtualTime(start = START): VirtualTime {
  let now = start;
  const slept: number[] = [];
  return {
    now: () => now,
    slept,
    sleep: async (ms) => {
      slept.push(ms);
      now += Math.max(0, ms);
    },
    alarm: () => ({ refresh: () => undefined, close: () => undefined }),
    random: () => 0.5,
    pass: (seconds) => {
      now += seconds * 1000;
    },
  };
}
