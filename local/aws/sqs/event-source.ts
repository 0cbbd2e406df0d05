import * as z from 'zod';
import { type Message, type Queue, receiptHandleOf } from './queue.ts';
import { sqsRecord } from './sqs-record.ts';

export interface EventSourceOptions {
  readonly queue: Queue;
  readonly maxConcurrency: number;
  readonly invoke: (event: unknown) => Promise<unknown>;
  /** Told when a message is being worked on. */
  readonly onReceived: (message: Message) => void;
}

const batchResponse = z.object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })) });

/**
 * Feeds a function from a queue: one message an invocation, so many at a time, and a message is deleted only when the
 * function said that it is done.
 *
 * @returns stops receiving; what is under way goes on
 */
export function startEventSource({
  queue,
  maxConcurrency,
  invoke,
  onReceived,
}: EventSourceOptions): () => void {
  let busy = 0;
  let stopped = false;

  async function work(message: Message): Promise<void> {
    onReceived(message);
    const answer = await invoke({ Records: [sqsRecord(message, queue.arn)] }).catch(() => undefined);
    const parsed = batchResponse.safeParse(answer);
    const handle = receiptHandleOf(message);
    if (parsed.success && parsed.data.batchItemFailures.length === 0) await queue.delete(handle);
    else queue.giveBack(handle);
  }

  async function poll(): Promise<void> {
    while (!stopped && busy < maxConcurrency) {
      busy += 1;
      const message = await queue.receive();
      if (!message) {
        busy -= 1;
        return;
      }
      void work(message).finally(() => {
        busy -= 1;
        void poll();
      });
    }
  }

  queue.onVisible(() => void poll());
  void poll();
  return () => {
    stopped = true;
  };
}
