import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { sleep, systemClock } from '../../../local/aws/clock.ts';

const DAY_MS = 24 * 3_600_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('lets a thing happen when its time has come, by the clock too', async () => {
  const start = systemClock.now();
  let happenedAt = 0;

  systemClock.after(500, () => {
    happenedAt = systemClock.now();
  });
  await vi.advanceTimersByTimeAsync(499);
  expect(happenedAt).toBe(0);
  await vi.advanceTimersByTimeAsync(10);

  expect(happenedAt).toBeGreaterThanOrEqual(start + 500);
});

test('does nothing that was cancelled', async () => {
  const action = vi.fn<() => void>();

  const cancel = systemClock.after(500, action);
  cancel();
  await vi.advanceTimersByTimeAsync(1_000);

  expect(action).not.toHaveBeenCalled();
});

test('waits longer than a timer of Node can, and can be cancelled in the middle of it', async () => {
  const [kept, cancelled] = [vi.fn<() => void>(), vi.fn<() => void>()];

  systemClock.after(60 * DAY_MS, kept);
  const cancel = systemClock.after(60 * DAY_MS, cancelled);
  await vi.advanceTimersByTimeAsync(59 * DAY_MS);
  expect(kept).not.toHaveBeenCalled();
  cancel();
  await vi.advanceTimersByTimeAsync(2 * DAY_MS);

  expect(kept).toHaveBeenCalledTimes(1);
  expect(cancelled).not.toHaveBeenCalled();
});

test('sleeps as long as it is told to', async () => {
  let isAwake = false;

  void sleep(systemClock, 1_000).then(() => {
    isAwake = true;
  });
  await vi.advanceTimersByTimeAsync(900);
  expect(isAwake).toBe(false);
  await vi.advanceTimersByTimeAsync(200);

  expect(isAwake).toBe(true);
});
