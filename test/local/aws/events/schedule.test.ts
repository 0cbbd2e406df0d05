import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startSchedule } from '../../../../local/aws/events/schedule.ts';

const HOUR_MS = 3_600_000;

describe('a schedule', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  test('calls soon after the start, then at its rate, until it is stopped', async () => {
    const call = vi.fn<() => Promise<void>>(() => Promise.resolve());

    const stop = startSchedule(HOUR_MS, call);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(call).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(2 * HOUR_MS);
    expect(call).toHaveBeenCalledTimes(3);

    stop();
    await vi.advanceTimersByTimeAsync(2 * HOUR_MS);
    expect(call).toHaveBeenCalledTimes(3);
  });

  test('leaves out a call while the last one still runs', async () => {
    let end: () => void = () => undefined;
    const call = vi.fn<() => Promise<void>>(
      () =>
        new Promise((resolve) => {
          end = resolve;
        }),
    );

    const stop = startSchedule(HOUR_MS, call);
    await vi.advanceTimersByTimeAsync(3 * HOUR_MS);
    expect(call).toHaveBeenCalledTimes(1);
    end();
    await vi.advanceTimersByTimeAsync(HOUR_MS);

    expect(call).toHaveBeenCalledTimes(2);
    stop();
  });
});
