import { type Clock, sleep } from '../clock.ts';
import type { Queue } from '../sqs/queue.ts';
import type { EventEnvelope } from './envelope.ts';

/** The target of a rule: a queue, or a function that is invoked asynchronously. */
export type Target =
  | { readonly queue: Queue }
  | {
      readonly invoke: (event: unknown) => Promise<unknown>;
      /** Receives an event for which the function failed three times. */
      readonly deadLetters: Queue | undefined;
    };

export interface DeliveryTools {
  readonly clock: Clock;
  /** Divides the waits between attempts of an asynchronous invocation. */
  readonly speed: number;
}

/** How long Lambda waits before the second and the third attempt of an asynchronous invocation, as on AWS. */
const ASYNC_RETRY_MS = [60_000, 120_000];

/**
 * Resolves when the queue has the event. For a function: when the function succeeds, or the dead-letter queue has the
 * event.
 */
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
