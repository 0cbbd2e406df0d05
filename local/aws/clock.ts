/** Cancels the scheduled action. Does nothing if the action has already run. */
export type Cancel = () => void;

interface Timing {
  /**
   * Nothing waits for this timer, for example a timeout or the next run of a schedule. Only a virtual clock uses this
   * field.
   */
  readonly isBackground?: boolean;
}

/** The clock for all waits, timeouts, and dates in this folder: the system clock or a virtual one. */
export interface Clock {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Runs the action after this many milliseconds. The action must handle its own errors. */
  readonly after: (ms: number, action: () => void | Promise<void>, timing?: Timing) => Cancel;
}

/** The longest delay that a Node.js timer accepts. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The system clock. Its timers don't keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, action) => {
    let timer: NodeJS.Timeout;
    const wait = (leftMs: number) => {
      const nextMs = Math.min(leftMs, MAX_TIMER_MS);
      timer = setTimeout(() => (leftMs > nextMs ? wait(leftMs - nextMs) : void action()), nextMs).unref();
    };
    // A Node.js timer can fire up to a millisecond before the clock reaches its time.
    wait(Math.max(0, ms) + 1);
    return () => clearTimeout(timer);
  },
};

export function sleep({ after }: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void after(ms, resolve));
}
