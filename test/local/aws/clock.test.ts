import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { sleep, systemClock } from '../../../local/aws/clock.ts';

const DAY_MS = 24 * 3_600_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('runs an action when its time has come, also by its own clock', async () => {
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

test('does not run a canceled action', async () => {
  const action = vi.fn<() => void>();

  const cancel = systemClock.after(500, action);
  cancel();
  await vi.advanceTimersByTimeAsync(1_000);

  expect(action).not.toHaveBeenCalled();
});

test('can wait longer than a Node.js timer, and can be canceled during such a wait', async () => {
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

test('sleeps for the given time', async () => {
  let isAwake = false;

  void sleep(systemClock, 1_000).then(() => {
    isAwake = true;
  });
  await vi.advanceTimersByTimeAsync(900);
  expect(isAwake).toBe(false);
  await vi.advanceTimersByTimeAsync(200);

  expect(isAwake).toBe(true);
});
