/** Takes back what was scheduled. Does nothing once that has happened. */
export type Cancel = () => void;

interface Timing {
  /** Nobody waits for it: a time-out, the next turn of a schedule. Only a virtual clock needs to know. */
  readonly isBackground?: boolean;
}

/** Everything here that waits, times out or writes a date goes by one of these: the system's, or a virtual one. */
export interface Clock {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Runs the action so many milliseconds from now. The action deals with its own errors. */
  readonly after: (ms: number, action: () => void | Promise<void>, timing?: Timing) => Cancel;
}

/** Node's timers do not take more. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The time of this machine. Its timers do not keep the process alive: a server or a wait does. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, action) => {
    let timer: NodeJS.Timeout;
    const wait = (leftMs: number) => {
      const nextMs = Math.min(leftMs, MAX_TIMER_MS);
      timer = setTimeout(() => (leftMs > nextMs ? wait(leftMs - nextMs) : void action()), nextMs).unref();
    };
    // A timer may ring up to a millisecond before the clock says so.
    wait(Math.max(0, ms) + 1);
    return () => clearTimeout(timer);
  },
};

export function sleep({ after }: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void after(ms, resolve));
}
