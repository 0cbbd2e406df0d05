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
  /** Told of each message before the function gets it. */
  readonly onReceived?: ((message: Message) => void) | undefined;
  /** How long it takes to notice that there may be a message. @default no time */
  readonly pollDelayMs?: (() => number) | undefined;
  /** Whether the nth message, counted from 1, stays visible to others. @default never */
  readonly staysVisible?: ((nth: number) => boolean) | undefined;
}

const batchResponse = z.object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })) });

/**
 * Feeds a function from a queue, as Lambda does: one message an invocation, so many at a time, and a message is deleted
 * only if the function said that it is done.
 *
 * @returns stops receiving; what is under way goes on
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
