import { type Clock, sleep } from '../clock.ts';
import { FunctionError } from '../lambda/function-error.ts';
import { createRetries } from './retry.ts';
import type { Performer } from './walk.ts';

export interface PerformerTools {
  readonly clock: Clock;
  /** Returns a number from 0 up to, but not including, 1, for jitter. */
  readonly random: () => number;
  /** Divides waits and retry intervals, but not timeouts. */
  readonly speed: number;
  /** Invokes the function with this ARN. */
  readonly invoke: (functionArn: string, payload: unknown) => Promise<unknown>;
  /** Called when a task or a wait begins, and again with the output when a task succeeds. */
  readonly onTask: (state: string, output?: unknown) => void;
  /** Returns whether the execution has ended. If so, it must not invoke any function. */
  readonly isOver: () => boolean;
}

/** Runs tasks and waits, with retries and timeouts, on the injected clock. */
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

/** Rejects if the work takes too long. A task without a timeout can run forever, as on AWS. */
function limitSeconds<T>(seconds: number | undefined, work: Promise<T>, clock: Clock): Promise<T> {
  if (seconds === undefined) return work;
  return new Promise((resolve, reject) => {
    const cancel = clock.after(seconds * 1000, () => reject(new FunctionError('States.Timeout', '')));
    void work.then(resolve, reject).finally(cancel);
  });
}
