import { expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { createMemoryFiles } from '../../../../local/files/durable-files.ts';
import { type EventSourceOptions, startEventSource } from '../../../../local/aws/sqs/event-source.ts';
import { openQueue, type Queue } from '../../../../local/aws/sqs/queue.ts';
import { createIds } from '../../../simulation/world/random.ts';
import { createVirtualTime } from '../../virtual-time.ts';

const eventSchema = z.object({
  Records: z.tuple([z.looseObject({ messageId: z.string(), receiptHandle: z.string(), body: z.string() })]),
});
type SqsRecord = z.infer<typeof eventSchema>['Records'][0];

const { clock, pass } = createVirtualTime();

/** Feeds a function from a queue. The function returns whether each message is done. */
async function feed(
  work: (record: SqsRecord, queue: Queue) => boolean | Promise<boolean>,
  options: Partial<EventSourceOptions> = {},
): Promise<Queue> {
  const queue = await openQueue({
    arn: 'arn:aws:sqs:us-east-1:000000000000:uploads',
    files: createMemoryFiles(),
    clock,
    newId: createIds(),
    visibilityTimeoutMs: 360_000,
    retentionMs: 86_400_000,
    speed: 1,
  });
  const stop = startEventSource({
    queue,
    clock,
    maxConcurrency: 2,
    invoke: async (event) => {
      const [record] = eventSchema.parse(event).Records;
      const itemIdentifier = record.messageId;
      return { batchItemFailures: (await work(record, queue)) ? [] : [{ itemIdentifier }] };
    },
    ...options,
  });
  onTestFinished(() => {
    stop();
    queue.close();
  });
  return queue;
}

test('a message is deleted when the function succeeds', async () => {
  const queue = await feed(() => true);

  await queue.send('one');
  await pass(1);

  expect(queue.messages()).toEqual([]);
});

test('a message becomes visible again at the time that the function sets with its receipt handle', async () => {
  const handles: string[] = [];
  const queue = await feed(({ receiptHandle }, queue) => {
    handles.push(receiptHandle);
    if (handles.length === 1) queue.changeVisibility(receiptHandle, 0);
    return handles.length > 1;
  });

  await queue.send('one');
  await pass(1);

  expect(queue.messages()).toEqual([]);
  expect(new Set(handles).size).toBe(2);
});

test.each([
  ['reports a failure', () => Promise.resolve(false)],
  ['throws', () => Promise.reject(new Error('not now'))],
])('a message stays hidden until its visibility timeout when the function %s', async (_, work) => {
  const received: string[] = [];
  const queue = await feed(work, { onReceived: ({ messageId }) => received.push(messageId) });

  const message = await queue.send('one');
  await pass(359);
  expect(received).toHaveLength(1);
  expect(queue.isVisible(message)).toBe(false);
  await pass(2);

  expect(received).toHaveLength(2);
});

test('the number of concurrent messages stays within the limit of the event source, and none is lost', async () => {
  let atOnce = 0;
  let most = 0;
  const queue = await feed(async () => {
    atOnce += 1;
    most = Math.max(most, atOnce);
    await new Promise<void>((resolve) => void clock.after(10_000, resolve));
    atOnce -= 1;
    return true;
  });

  for (const body of ['one', 'two', 'three', 'four', 'five']) await queue.send(body);
  await pass(40);

  expect(most).toBe(2);
  expect(queue.messages()).toEqual([]);
});

test('messages are processed concurrently', async () => {
  const queue = await feed(async ({ body }) => {
    await new Promise<void>((resolve) => void clock.after(body === 'long' ? 100_000 : 1_000, resolve));
    return true;
  });

  await queue.send('long');
  await pass(5);
  await queue.send('short');
  await pass(5);

  expect(queue.messages().map(({ body }) => body)).toEqual(['long']);
});

test('a message that stays visible is processed twice', async () => {
  const bodies: string[] = [];
  const staysVisible = (nth: number) => nth === 1;
  const queue = await feed(({ body }) => bodies.push(body) > 0, { staysVisible });

  await queue.send('one');
  await pass(1);

  expect(bodies).toEqual(['one', 'one']);
  expect(queue.messages()).toEqual([]);
});

test('a message is received after the polling delay', async () => {
  const queue = await feed(() => true, { pollDelayMs: () => 5_000 });
  await queue.send('one');

  await pass(4);
  expect(queue.messages()).toHaveLength(1);
  await pass(2);

  expect(queue.messages()).toEqual([]);
});
