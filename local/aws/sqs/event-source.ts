import * as z from 'zod';
import type { Clock } from '../clock.ts';
import { type Message, receiptHandleOf } from './message.ts';
import type { Queue } from './queue.ts';
import { sqsRecord } from './sqs-record.ts';

export interface EventSourceOptions {
  readonly queue: Queue;
  readonly clock: Clock;
  readonly maxConcurrency: number;
  readonly invoke: (event: unknown) => Promise<unknown>;
  /** Called with each message before the function receives it. */
  readonly onReceived?: ((message: Message) => void) | undefined;
  /** The delay until the poller finds a new message. @default none */
  readonly pollDelayMs?: (() => number) | undefined;
  /** Returns whether the nth message, counted from 1, stays visible to other receivers. @default never */
  readonly staysVisible?: ((nth: number) => boolean) | undefined;
}

const batchResponse = z.object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })) });

/**
 * Invokes a function with the messages of a queue, as Lambda does: one message per invocation, up to the maximum
 * concurrency. Deletes a message only if the function reports success.
 *
 * @returns a function that stops receiving; invocations in progress continue
 */
export function startEventSource({
  queue,
  clock,
  maxConcurrency,
  invoke,
  onReceived,
  pollDelayMs = () => 0,
  staysVisible = () => false,
}: EventSourceOptions): () => void {
  let busy = 0;
  let received = 0;
  let isPollDue = false;
  let stopped = false;

  async function work(message: Message): Promise<void> {
    onReceived?.(message);
    const answer = await invoke({ Records: [sqsRecord(message, queue.arn)] }).catch(() => undefined);
    const parsed = batchResponse.safeParse(answer);
    const handle = receiptHandleOf(message);
    if (parsed.success && parsed.data.batchItemFailures.length === 0) await queue.delete(handle);
    else queue.giveBack(handle);
  }

  async function receiveAll(): Promise<void> {
    while (!stopped && busy < maxConcurrency) {
      busy += 1;
      const message = await queue.receive({ staysVisible: staysVisible(received + 1) });
      if (!message) {
        busy -= 1;
        return;
      }
      received += 1;
      void work(message).finally(() => {
        busy -= 1;
        poll();
      });
    }
  }

  function poll(): void {
    if (isPollDue || busy >= maxConcurrency) return;
    isPollDue = true;
    clock.after(pollDelayMs(), () => {
      isPollDue = false;
      return receiveAll();
    });
  }

  queue.onVisible(poll);
  poll();
  return () => {
    stopped = true;
  };
}
