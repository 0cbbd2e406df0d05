import { AsyncLocalStorage } from 'node:async_hooks';
import type { World } from './world.ts';

/** The state that a warm function keeps between invocations. */
export type Container = Map<string, unknown>;

/** One invocation of a function. It can die at any time, and then has no further effect. */
export interface Invocation {
  /** `SubmitJob #3` */
  readonly who: string;
  readonly functionName: string;
  readonly world: World;
  readonly container: Container;
  readonly deadline: number;
  readonly isAlive: () => boolean;
  /** The platform learns of the death immediately. The code itself never does. */
  readonly die: (errorType: 'Runtime.ExitError' | 'Sandbox.Timedout', message: string) => void;
}

export const invocations = new AsyncLocalStorage<Invocation>();

/** Returns the invocation whose code is running. The clients need it, because all worlds share them. */
export function currentInvocation(): Invocation {
  const invocation = invocations.getStore();
  if (!invocation) throw new Error('this call was made outside of a function');
  return invocation;
}

/** Sleeps inside an invocation, and wakes up only if the invocation is still alive. */
export function sleepIn({ world: { clock }, isAlive }: Invocation, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, () => {
      if (isAlive()) resolve();
    });
  });
}

/** Rings after a delay, unless it is restarted or closed, or the invocation has died. */
export function alarmIn({ world: { clock }, isAlive }: Invocation, ms: number, ring: () => void) {
  const begin = () =>
    clock.after(
      ms,
      () => {
        if (isAlive()) ring();
      },
      { isBackground: true },
    );
  let cancel = begin();
  return {
    refresh: () => {
      cancel();
      cancel = begin();
    },
    close: () => cancel(),
  };
}
