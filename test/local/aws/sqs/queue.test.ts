import { describe, expect, test, vi } from 'vitest';
import { createMemoryFiles } from '../../../../local/files/durable-files.ts';
import { type Message, receiptHandleOf } from '../../../../local/aws/sqs/message.ts';
import { openQueue, type Queue, type QueueOptions } from '../../../../local/aws/sqs/queue.ts';
import { sqsRecord } from '../../../../local/aws/sqs/sqs-record.ts';
import { createIds } from '../../../simulation/world/random.ts';
import { createVirtualTime } from '../../virtual-time.ts';

const { clock, pass } = createVirtualTime();
const newId = createIds();

function open(options: Partial<QueueOptions> = {}): Promise<Queue> {
  return openQueue({
    arn: 'arn:aws:sqs:us-east-1:000000000000:uploads',
    files: createMemoryFiles(),
    clock,
    newId,
    visibilityTimeoutMs: 360_000,
    retentionMs: 86_400_000,
    speed: 1,
    ...options,
  });
}

/** Receives a message that must exist. */
async function received(queue: Queue): Promise<Message> {
  const message = await queue.receive();
  if (!message) throw new Error('nothing received');
  return message;
}

async function receivedHandle(queue: Queue): Promise<string> {
  return receiptHandleOf(await received(queue));
}

describe('a queue', () => {
  test('gives a message to one receiver, and to no other while it is invisible', async () => {
    const queue = await open();
    await queue.send('one');

    const [first, second] = await Promise.all([queue.receive(), queue.receive()]);

    expect(first).toMatchObject({ body: 'one', receiveCount: 1 });
    expect(second).toBeUndefined();
  });

  test('shows a message again when its visibility timeout ends, and counts the receives', async () => {
    const queue = await open();
    await queue.send('one');
    await queue.receive();

    await pass(359);
    const tooEarly = await queue.receive();
    await pass(2);
    const again = await queue.receive();

    expect(tooEarly).toBeUndefined();
    expect(again).toMatchObject({ body: 'one', receiveCount: 2 });
  });

  test('divides the rest of the timeout by the speed when a receiver gives a message back', async () => {
    const queue = await open({ speed: 10 });
    await queue.send('one');
    const handle = await receivedHandle(queue);
    await pass(60);

    queue.giveBack(handle);

    await pass(29);
    expect(await queue.receive()).toBeUndefined();
    await pass(1.5);
    expect(await queue.receive()).toMatchObject({ receiveCount: 2 });
  });

  test('removes a deleted message permanently', async () => {
    const files = createMemoryFiles();
    const queue = await open({ files });
    await queue.send('one');
    await queue.delete(await receivedHandle(queue));

    await pass(400);
    const reopened = await open({ files });

    expect(await queue.receive()).toBeUndefined();
    expect(reopened.messages()).toEqual([]);
  });

  test('moves a message that was received too often to the dead-letter queue', async () => {
    const deadLetters = await open({ arn: 'arn:aws:sqs:us-east-1:000000000000:dead' });
    const queue = await open({ redrive: { queue: deadLetters, maxReceiveCount: 2 } });
    await queue.send('poison');
    await queue.receive();
    await pass(361);
    await queue.receive();
    await pass(361);

    const third = await queue.receive();

    expect(third).toBeUndefined();
    expect(queue.messages()).toEqual([]);
    expect(deadLetters.messages()).toMatchObject([{ body: 'poison', deadLetterSource: queue.arn }]);
  });

  test('keeps its messages and receive counts after a restart, and all messages are visible again', async () => {
    const files = createMemoryFiles();
    const before = await open({ files });
    await before.send('one');
    await before.receive();
    before.close();

    const after = await open({ files });

    expect(await after.receive()).toMatchObject({ body: 'one', receiveCount: 2 });
  });

  test('drops a message after the retention period', async () => {
    const queue = await open({ retentionMs: 1_000 });
    await queue.send('old');
    await pass(1.001);

    const received = await queue.receive();

    expect(received).toBeUndefined();
    expect(queue.messages()).toEqual([]);
  });

  test('passes a message to a function in the format of SQS', async () => {
    const queue = await open();
    await queue.send('{"a":1}');
    const message = await received(queue);

    const record = sqsRecord(message, queue.arn);

    expect(record).toMatchObject({
      messageId: message.messageId,
      body: '{"a":1}',
      eventSource: 'aws:sqs',
      eventSourceARN: queue.arn,
      attributes: { ApproximateReceiveCount: '1', SentTimestamp: String(message.sentAt) },
    });
  });

  test('returns its creation time in the data folder', async () => {
    const files = createMemoryFiles();
    const before = await open({ files });
    await pass(5);

    const after = await open({ files });

    expect(after.createdAt).toBe(before.createdAt);
    expect(after.messages()).toEqual([]);
  });
});

describe('an observer of a queue', () => {
  test('gets each message that is sent, including dead letters', async () => {
    const bodies: string[] = [];
    const deadLetters = await open({ onSent: ({ body }) => bodies.push(`dead ${body}`) });
    const queue = await open({
      redrive: { queue: deadLetters, maxReceiveCount: 1 },
      onSent: ({ body }) => bodies.push(body),
    });

    await queue.send('poison');
    await queue.receive({ visibilityTimeoutMs: 0 });
    await queue.receive();

    expect(bodies).toEqual(['poison', 'dead poison']);
  });

  test('is notified when a message arrives or becomes visible again, but not when it is deleted', async () => {
    const queue = await open();
    const listener = vi.fn<() => void>();
    queue.onVisible(listener);

    await queue.send('one');
    await queue.send('two');
    expect(listener).toHaveBeenCalledTimes(2);
    await queue.delete(await receivedHandle(queue));
    await received(queue);
    await pass(361);

    expect(listener).toHaveBeenCalledTimes(3);
  });
});

describe('the visibility of a message', () => {
  test('stays as it is after an "at least once" receive, and the first handle is then outdated', async () => {
    const queue = await open();
    await queue.send('one');

    const first = await queue.receive({ staysVisible: true });
    const second = await queue.receive();
    if (first) await queue.delete(receiptHandleOf(first));

    expect(second).toMatchObject({ messageId: first?.messageId, receiveCount: 2 });
    expect(queue.messages()).toHaveLength(1);
  });

  test('that its receiver has changed counts from the end of the processing, divided by the speed', async () => {
    const queue = await open({ speed: 10 });
    await queue.send('one');
    const handle = await receivedHandle(queue);

    queue.changeVisibility(handle, 3_600_000);
    queue.giveBack(handle);

    await pass(359);
    expect(await queue.receive()).toBeUndefined();
    await pass(2);
    expect(await queue.receive()).toMatchObject({ receiveCount: 2 });
  });

  test('that is set to 0 lets it be received immediately, before later messages', async () => {
    const queue = await open();
    await queue.send('oldest');
    const handle = await receivedHandle(queue);
    await queue.send('later');

    queue.changeVisibility(handle, 0);
    queue.giveBack(handle);

    expect(await queue.receive()).toMatchObject({ body: 'oldest', receiveCount: 2 });
  });

  test('cannot be changed with the handle of an earlier receive, nor can the message be deleted', async () => {
    const queue = await open();
    await queue.send('one');
    const old = await receivedHandle(queue);
    queue.changeVisibility(old, 0);
    await queue.receive();

    queue.giveBack(old);
    await queue.delete(old);

    expect(() => queue.changeVisibility(old, 0)).toThrow('not available for visibility timeout change');
    expect(await queue.receive()).toBeUndefined();
    expect(queue.messages()).toHaveLength(1);
  });

  test('can be changed only while it is hidden, and only with a receipt handle', async () => {
    const queue = await open();
    await queue.send('one');
    const handle = await receivedHandle(queue);
    await pass(361);

    expect(() => queue.changeVisibility(handle, 5_000)).toThrow(/not in flight/);
    expect(() => queue.changeVisibility('something', 5_000)).toThrow(/not a valid receipt handle/);
  });
});
