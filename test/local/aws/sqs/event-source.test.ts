import { expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { startEventSource } from '../../../../local/aws/sqs/event-source.ts';
import { openQueue, type Queue } from '../../../../local/aws/sqs/queue.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

const eventSchema = z.object({
  Records: z.tuple([z.looseObject({ messageId: z.string(), receiptHandle: z.string(), body: z.string() })]),
});
type SqsRecord = z.infer<typeof eventSchema>['Records'][0];

/** A queue that feeds a function, which says of each message whether it is done with it. */
async function feed(work: (record: SqsRecord, queue: Queue) => boolean): Promise<Queue> {
  const queue = await openQueue({
    arn: 'arn:aws:sqs:us-east-1:000000000000:uploads',
    folder: await temporaryFolder(),
    visibilityTimeoutMs: 360_000,
    retentionMs: 86_400_000,
    speed: 1,
  });
  const stop = startEventSource({
    queue,
    maxConcurrency: 2,
    onReceived: () => undefined,
    invoke: (event) => {
      const [record] = eventSchema.parse(event).Records;
      const itemIdentifier = record.messageId;
      return Promise.resolve({ batchItemFailures: work(record, queue) ? [] : [{ itemIdentifier }] });
    },
  });
  onTestFinished(() => {
    stop();
    queue.close();
  });
  return queue;
}

test('a message that a function is done with is gone', async () => {
  const queue = await feed(() => true);

  await queue.send('one');

  await expect.poll(() => queue.messages()).toEqual([]);
});

test('a message comes back when the function said so, by the handle it was given', async () => {
  const handles: string[] = [];
  const queue = await feed(({ receiptHandle }, queue) => {
    handles.push(receiptHandle);
    if (handles.length === 1) queue.changeVisibility(receiptHandle, 0);
    return handles.length > 1;
  });

  await queue.send('one');

  await expect.poll(() => queue.messages()).toEqual([]);
  expect(new Set(handles).size).toBe(2);
});

test('a message that a function failed at without saying more stays hidden until its time', async () => {
  let received = 0;
  const queue = await feed(() => {
    received += 1;
    return false;
  });

  const message = await queue.send('one');

  await expect.poll(() => received).toBe(1);
  expect(queue.isVisible(message)).toBe(false);
});
