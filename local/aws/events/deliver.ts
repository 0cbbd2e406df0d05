import { type Clock, sleep } from '../clock.ts';
import type { Queue } from '../sqs/queue.ts';
import type { EventEnvelope } from './envelope.ts';

/** Where a rule sends events: into a queue, or to a function that is invoked asynchronously. */
export type Target =
  | { readonly queue: Queue }
  | {
      readonly invoke: (event: unknown) => Promise<unknown>;
      /** Where an event goes that the function failed at, three times. */
      readonly deadLetters: Queue | undefined;
    };

export interface DeliveryTools {
  readonly clock: Clock;
  /** Divides the waits between the attempts of an asynchronous invocation. */
  readonly speed: number;
}

/** Waits before Lambda tries an asynchronous event again, as on AWS. */
const ASYNC_RETRY_MS = [60_000, 120_000];

/** Resolves when the event lies in the queue, or when the function has taken it or its dead letter is kept. */
export async function deliver(target: Target, event: EventEnvelope, { clock, speed }: DeliveryTools): Promise<void> {
  if ('queue' in target) return void (await target.queue.send(JSON.stringify(event)));
  for (const waitMs of [...ASYNC_RETRY_MS, undefined]) {
    try {
      await target.invoke(event);
      return;
    } catch {
      if (waitMs !== undefined) await sleep(clock, waitMs / speed);
    }
  }
  await target.deadLetters?.send(JSON.stringify(event));
}
