import { describe, expect, test, vi } from 'vitest';
import { scheduleSchema, startSchedule } from '../../../../local/aws/events/schedule.ts';
import { createVirtualTime } from '../../virtual-time.ts';

const HOUR_SECONDS = 3_600;
const HOUR_MS = HOUR_SECONDS * 1000;

describe('a schedule', () => {
  test('makes its first call at the given time, then calls at its rate until it is stopped', async () => {
    const { clock, pass } = createVirtualTime();
    const call = vi.fn<() => Promise<void>>(() => Promise.resolve());

    const stop = startSchedule({ clock, everyMs: HOUR_MS, firstMs: 15_000, call });
    await pass(20);
    expect(call).toHaveBeenCalledTimes(1);
    await pass(2 * HOUR_SECONDS);
    expect(call).toHaveBeenCalledTimes(3);

    stop();
    await pass(2 * HOUR_SECONDS);
    expect(call).toHaveBeenCalledTimes(3);
  });

  test('waits for its rate before the first call by default', async () => {
    const { clock, pass } = createVirtualTime();
    const call = vi.fn<() => Promise<void>>(() => Promise.resolve());

    startSchedule({ clock, everyMs: HOUR_MS, call });
    await pass(HOUR_SECONDS - 1);
    expect(call).not.toHaveBeenCalled();
    await pass(2);

    expect(call).toHaveBeenCalledTimes(1);
  });

  test('skips a call while the previous one is still running', async () => {
    const { clock, pass } = createVirtualTime();
    let end: () => void = () => undefined;
    const call = vi.fn<() => Promise<void>>(
      () =>
        new Promise((resolve) => {
          end = resolve;
        }),
    );

    startSchedule({ clock, everyMs: HOUR_MS, firstMs: 15_000, call });
    await pass(3 * HOUR_SECONDS);
    expect(call).toHaveBeenCalledTimes(1);
    end();
    await pass(HOUR_SECONDS);

    expect(call).toHaveBeenCalledTimes(2);
  });
});

test.each([
  ['rate(1 hour)', HOUR_MS],
  ['rate(15 minutes)', 900_000],
  ['rate(30 days)', 30 * 24 * HOUR_MS],
])('%s is parsed', (expression, ms) => {
  expect(scheduleSchema.parse(expression)).toBe(ms);
});

test('a cron expression is refused', () => {
  expect(() => scheduleSchema.parse('cron(0 12 * * ? *)')).toThrow(/only rates/);
});
