/** A clock that stands still until somebody sleeps on it. */
export interface VirtualTime {
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
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
    pass: (seconds) => {
      now += seconds * 1000;
    },
  };
}
