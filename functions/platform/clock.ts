import { setTimeout as sleep } from 'node:timers/promises';

/** Goes off once, unless it is refreshed or closed first. */
export interface Alarm {
  /** Starts the wait again. */
  readonly refresh: () => void;
  readonly close: () => void;
}

/** Time and randomness: real in AWS, virtual in the simulation. */
export interface Clock {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly alarm: (ms: number, ring: () => void) => Alarm;
  /** 0 to below 1. */
  readonly random: () => number;
}

export const systemClock: Clock = {
  now: Date.now,
  sleep: (ms) => sleep(ms),
  alarm: (ms, ring) => {
    const timer = setTimeout(ring, ms);
    return { refresh: () => timer.refresh(), close: () => timer.close() };
  },
  random: Math.random,
};

/** ISO 8601, UTC. @param time milliseconds since 1970 */
export function isoDate(time: number): string {
  return new Date(time).toISOString();
}
