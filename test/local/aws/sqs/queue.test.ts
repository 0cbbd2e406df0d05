import { describe, expect, test } from 'vitest';
import {
  type Message,
  openQueue,
  type Queue,
  type QueueOptions,
  receiptHandleOf,
} from '../../../../local/aws/sqs/queue.ts';
import { sqsRecord } from '../../../../local/aws/sqs/sqs-record.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

const clock = { now: 1_000_000 };

async function open(options: Partial<QueueOptions> = {}): Promise<Queue> {
  const folder = options.folder ?? (await temporaryFolder());
  const base = {
    arn: 'arn:aws:sqs:us-east-1:000000000000:uploads',
    folder,
    visibilityTimeoutMs: 360_000,
    retentionMs: 86_400_000,
    speed: 1,
  };
  return await openQueue({ ...base, now: () => clock.now, ...options });
}

/** Receives what has to be there. */
async function received(queue: Queue): Promise<Message> {
  const message = await queue.receive();
  if (!message) throw new Error('nothing received');
  return message;
}

async function receivedHandle(queue: Queue): Promise<string> {
  return receiptHandleOf(await received(queue));
}

describe('a queue', () => {
  test('hands a message to one receiver, and to no other while it is invisible', async () => {
    const queue = await open();
    await queue.send('one');

    const [first, second] = await Promise.all([queue.receive(), queue.receive()]);

    expect(first).toMatchObject({ body: 'one', receiveCount: 1 });
    expect(second).toBeUndefined();
    queue.close();
  });

  test('shows a message again when its visibility timeout ends, and counts the receives', async () => {
    const queue = await open();
    await queue.send('one');
    await queue.receive();

    clock.now += 359_000;
    const tooEarly = await queue.receive();
    clock.now += 2_000;
    const again = await queue.receive();

    expect(tooEarly).toBeUndefined();
    expect(again).toMatchObject({ body: 'one', receiveCount: 2 });
    queue.close();
  });

  test('divides what is left of the timeout by the speed, from when a receiver gives a message back', async () => {
    const queue = await open({ speed: 10 });
    await queue.send('one');
    const handle = await receivedHandle(queue);
    clock.now += 60_000;

    queue.giveBack(handle);

    clock.now += 29_000;
    expect(await queue.receive()).toBeUndefined();
    clock.now += 1_500;
    expect(await queue.receive()).toMatchObject({ receiveCount: 2 });
    queue.close();
  });

  test('forgets a deleted message for good', async () => {
    const folder = await temporaryFolder();
    const queue = await open({ folder });
    await queue.send('one');
    await queue.delete(await receivedHandle(queue));

    clock.now += 400_000;
    const reopened = await open({ folder });

    expect(await queue.receive()).toBeUndefined();
    expect(reopened.messages()).toEqual([]);
    queue.close();
  });

  test('moves a message that was received too often to the dead letters', async () => {
    const deadLetters = await open({ arn: 'arn:aws:sqs:us-east-1:000000000000:dead' });
    const queue = await open({ redrive: { queue: deadLetters, maxReceiveCount: 2 } });
    await queue.send('poison');
    await queue.receive();
    clock.now += 361_000;
    await queue.receive();
    clock.now += 361_000;

    const third = await queue.receive();

    expect(third).toBeUndefined();
    expect(queue.messages()).toEqual([]);
    expect(deadLetters.messages()).toMatchObject([{ body: 'poison', deadLetterSource: queue.arn }]);
    queue.close();
    deadLetters.close();
  });

  test('keeps its messages and their receive counts when the process is gone, all visible again', async () => {
    const folder = await temporaryFolder();
    const before = await open({ folder });
    await before.send('one');
    await before.receive();
    before.close();

    const after = await open({ folder });

    expect(await after.receive()).toMatchObject({ body: 'one', receiveCount: 2 });
    after.close();
  });

  test('drops a message that is older than the retention', async () => {
    const queue = await open({ retentionMs: 1_000 });
    await queue.send('old');
    clock.now += 1_001;

    const received = await queue.receive();

    expect(received).toBeUndefined();
    expect(queue.messages()).toEqual([]);
    queue.close();
  });

  test('shows a message to a function as SQS does', async () => {
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
    queue.close();
  });

  test('says since when the data folder has it', async () => {
    const folder = await temporaryFolder();
    const before = await open({ folder });
    clock.now += 5_000;

    const after = await open({ folder });

    expect(after.createdAt).toBe(before.createdAt);
    expect(after.messages()).toEqual([]);
  });
});

describe('the visibility of a message', () => {
  test('that its receiver has changed counts from the end of the work, divided by the speed', async () => {
    const queue = await open({ speed: 10 });
    await queue.send('one');
    const handle = await receivedHandle(queue);

    queue.changeVisibility(handle, 3_600_000);
    queue.giveBack(handle);

    clock.now += 359_000;
    expect(await queue.receive()).toBeUndefined();
    clock.now += 2_000;
    expect(await queue.receive()).toMatchObject({ receiveCount: 2 });
    queue.close();
  });

  test('that was set to 0 lets it be received at once, before those that came later', async () => {
    const queue = await open();
    await queue.send('oldest');
    const handle = await receivedHandle(queue);
    await queue.send('later');

    queue.changeVisibility(handle, 0);
    queue.giveBack(handle);

    expect(await queue.receive()).toMatchObject({ body: 'oldest', receiveCount: 2 });
    queue.close();
  });

  test('is not changed any more by the handle of an earlier receive, nor is the message deleted', async () => {
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
    queue.close();
  });

  test('can be changed only while it is hidden, and with a handle of a receive', async () => {
    const queue = await open();
    await queue.send('one');
    const handle = await receivedHandle(queue);
    clock.now += 361_000;

    expect(() => queue.changeVisibility(handle, 5_000)).toThrow(/not in flight/);
    expect(() => queue.changeVisibility('something', 5_000)).toThrow(/not a valid receipt handle/);
    queue.close();
  });
});
