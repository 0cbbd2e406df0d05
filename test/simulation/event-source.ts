import * as z from 'zod';
import { account, region } from '../../local/aws/intrinsics.ts';
import { type Message, type Queue, receiptHandleOf } from './queue.ts';
import { between } from './random.ts';
import type { World } from './world.ts';

export interface EventSourceProps {
  readonly queue: Queue;
  readonly functionName: string;
  readonly maxConcurrency: number;
  readonly receivedTwice: (nth: number) => boolean;
}

const batchResponse = z.object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })) });

/** Feeds a function from a queue, as Lambda does: a message is deleted only when the function said that it is done. */
export function startEventSource(
  { clock, lambda, random, story }: Pick<World, 'clock' | 'lambda' | 'random' | 'story'>,
  { queue, functionName, maxConcurrency, receivedTwice }: EventSourceProps,
): void {
  let busy = 0;
  let receives = 0;

  function work(message: Message): void {
    const records = [recordOf(message, queue)];
    lambda
      .invoke(functionName, { Records: records })
      .then((answer) => {
        const parsed = batchResponse.safeParse(answer).data;
        if (parsed?.batchItemFailures.length === 0) queue.delete(receiptHandleOf(message));
      })
      // The message returns when its visibility timeout ends.
      .catch(() => undefined)
      .finally(() => {
        busy -= 1;
        poll();
      });
  }

  function poll(): void {
    clock.after(between(1, 100, random), () => {
      while (busy < maxConcurrency) {
        const stays = receivedTwice(receives + 1);
        const message = queue.receive({ stays });
        if (!message) return;
        receives += 1;
        if (stays) story.note(queue.name, 'gives a message out and keeps it visible');
        busy += 1;
        work(message);
      }
    });
  }

  queue.onVisible(poll);
}

function recordOf(message: Message, queue: Queue) {
  return {
    messageId: message.messageId,
    receiptHandle: receiptHandleOf(message),
    body: message.body,
    attributes: {
      ApproximateReceiveCount: String(message.receiveCount),
      SentTimestamp: String(message.sentAt),
      SenderId: account,
      ApproximateFirstReceiveTimestamp: String(message.sentAt),
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: queue.arn,
    awsRegion: region,
  };
}
