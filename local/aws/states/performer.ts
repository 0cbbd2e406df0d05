import { type Clock, sleep } from '../clock.ts';
import { FunctionError } from '../lambda/function-error.ts';
import { createRetries } from './retry.ts';
import type { Performer } from './walk.ts';

export interface PerformerTools {
  readonly clock: Clock;
  /** 0 to below 1, for jitter. */
  readonly random: () => number;
  /** Divides waits and retry intervals; never a time-out. */
  readonly speed: number;
  /** Calls the function with this ARN. */
  readonly invoke: (functionArn: string, payload: unknown) => Promise<unknown>;
  /** Told when a task or a wait begins, and what a task answered. */
  readonly onTask: (state: string, output?: unknown) => void;
  /** Whether the execution has ended meanwhile: nothing may be called any more. */
  readonly isOver: () => boolean;
}

/** Waits, retries and times out on the clock. */
export function createPerformer({ clock, random, speed, invoke, onTask, isOver }: PerformerTools): Performer {
  return {
    wait: async (name, seconds) => {
      onTask(name);
      await sleep(clock, (seconds * 1000) / speed);
    },
    task: async (name, { Resource = '', TimeoutSeconds, Retry }, payload) => {
      const retries = createRetries(Retry, random);
      onTask(name);
      while (!isOver()) {
        try {
          const output = await limitSeconds(TimeoutSeconds, invoke(Resource, payload), clock);
          if (!isOver()) onTask(name, output);
          return output;
        } catch (error) {
          const seconds = retries.nextDelaySeconds(error instanceof Error ? error.name : String(error));
          if (seconds === undefined) throw error;
          await sleep(clock, (seconds * 1000) / speed);
        }
      }
      throw new Error('the execution is over');
    },
  };
}

/** A task without a time-out may take forever, as on AWS. */
function limitSeconds<T>(seconds: number | undefined, work: Promise<T>, clock: Clock): Promise<T> {
  if (seconds === undefined) return work;
  return new Promise((resolve, reject) => {
    const cancel = clock.after(seconds * 1000, () => reject(new FunctionError('States.Timeout', '')));
    void work.then(resolve, reject).finally(cancel);
  });
}
