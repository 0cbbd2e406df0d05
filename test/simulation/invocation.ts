import { AsyncLocalStorage } from 'node:async_hooks';
import type { World } from './world.ts';

/** What outlives an invocation in a warm function. */
export type Container = Map<string, unknown>;

/** One run of one function. It can die at any moment, and then nothing of it ever happens again. */
export interface Invocation {
  /** `SubmitJob #3` */
  readonly who: string;
  readonly functionName: string;
  readonly world: World;
  readonly container: Container;
  readonly deadline: number;
  readonly isAlive: () => boolean;
  /** The platform hears of it at once; the code itself never does. */
  readonly die: (errorType: 'Runtime.ExitError' | 'Sandbox.Timedout', message: string) => void;
}

export const invocations = new AsyncLocalStorage<Invocation>();

/** Whose code is running. The clients are shared by all worlds, so they have to ask. */
export function currentInvocation(): Invocation {
  const invocation = invocations.getStore();
  if (!invocation) throw new Error('this happened outside of every function');
  return invocation;
}

/** As a function of it sleeps: it wakes up only when it still lives. */
export function sleepIn({ world: { clock }, isAlive }: Invocation, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, () => {
      if (isAlive()) resolve();
    });
  });
}

/** Rings so much later, unless it is begun anew or closed, or the invocation is dead by then. */
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
