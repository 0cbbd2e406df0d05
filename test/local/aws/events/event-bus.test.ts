import { describe, expect, test } from 'vitest';
import { createMemoryFiles } from '../../../../local/files/durable-files.ts';
import type { Target } from '../../../../local/aws/events/deliver.ts';
import { createEnvelope } from '../../../../local/aws/events/envelope.ts';
import { createEventBus, type EventBusOptions } from '../../../../local/aws/events/event-bus.ts';
import { openQueue, type Queue } from '../../../../local/aws/sqs/queue.ts';
import { createIds } from '../../../simulation/world/random.ts';
import { createVirtualTime } from '../../virtual-time.ts';

const { clock, pass } = createVirtualTime();
const stamp = { clock, newId: createIds() };
const event = createEnvelope({ source: 'meshdrop', detailType: 'Model Stored', detail: { a: 1 } }, stamp);

function createQueue(name = 'uploads'): Promise<Queue> {
  return openQueue({
    arn: `arn:aws:sqs:us-east-1:000000000000:${name}`,
    files: createMemoryFiles(),
    ...stamp,
    visibilityTimeoutMs: 360_000,
    retentionMs: 86_400_000,
    speed: 1,
  });
}

function busTo(target: Target, options: Partial<EventBusOptions> = {}) {
  const rules = [{ bus: 'default', pattern: { source: ['meshdrop'] }, targets: [target] }];
  return createEventBus({ rules, clock, speed: 1, ...options });
}

function bodiesIn(queue: Queue): readonly string[] {
  return queue.messages().map(({ body }) => body);
}

describe('an event', () => {
  test('is in the queue of each matching rule when it is accepted, and in no other queue', async () => {
    const queue = await createQueue();
    const bus = busTo({ queue });

    await bus.put('default', event);
    await bus.put('other', event);
    await bus.put('default', { ...event, source: 'somebody' });

    expect(bodiesIn(queue)).toEqual([JSON.stringify(event)]);
  });

  test('is not delivered if it could not be saved', async () => {
    const queue = await createQueue();
    const bus = busTo({ queue }, { onEvent: () => Promise.reject(new Error('the disk is full')) });

    await expect(bus.put('default', event)).rejects.toThrow('the disk is full');
    expect(bodiesIn(queue)).toEqual([]);
  });

  test.each([
    ['late', [30], [0, 1, 1]],
    ['twice', [1, 40], [1, 1, 2]],
    ['never', [], [0, 0, 0]],
  ])('arrives %s if its deliveries are scheduled that way', async (_, seconds, counts) => {
    const queue = await createQueue();
    const bus = busTo({ queue }, { deliverySeconds: () => seconds });
    const seen: number[] = [];

    await bus.put('default', event);
    for (const wait of [5, 30, 10]) {
      await pass(wait);
      seen.push(queue.messages().length);
    }

    expect(seen).toEqual(counts);
  });
});

describe('a function that a rule invokes', () => {
  test('is retried after one and after two more minutes, and then its event becomes a dead letter', async () => {
    const begun = clock.now();
    const deadLetters = await createQueue('dead');
    const tries: number[] = [];
    const invoke = () => {
      tries.push((clock.now() - begun) / 1000);
      return Promise.reject(new Error('not now'));
    };
    let isAccepted = false;

    void busTo({ invoke, deadLetters })
      .put('default', event)
      .then(() => {
        isAccepted = true;
      });
    await pass(170);
    expect(isAccepted).toBe(false);
    await pass(20);

    expect(tries).toEqual([0, 60, 180]);
    expect(bodiesIn(deadLetters)).toEqual([JSON.stringify(event)]);
    expect(isAccepted).toBe(true);
  });

  test('is retried sooner at a higher speed', async () => {
    let tries = 0;
    const invoke = () => {
      tries += 1;
      return Promise.reject(new Error('not now'));
    };

    void busTo({ invoke, deadLetters: undefined }, { speed: 10 }).put('default', event);
    await pass(7);

    expect(tries).toBe(2);
  });
});

test('an envelope has the time of the clock in whole seconds', () => {
  const { time } = createEnvelope(
    { source: 'meshdrop', detailType: 'Model Stored', detail: {} },
    { clock: { ...clock, now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 678) }, newId: () => 'id' },
  );

  expect(time).toBe('2026-01-02T03:04:05Z');
});
