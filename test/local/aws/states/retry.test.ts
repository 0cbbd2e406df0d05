import { describe, expect, test } from 'vitest';
import { createRetries, retrierSchema } from '../../../../local/aws/states/retry.ts';

const retrier = (fields: object) => retrierSchema.parse({ ErrorEquals: ['BusyError'], ...fields });

function delays(fields: object, errors: readonly string[], random = () => 0.5) {
  const retries = createRetries([retrier(fields)], random);
  return errors.map((error) => retries.nextDelaySeconds(error));
}

const busy = (times: number) => Array.from({ length: times }, () => 'BusyError');

describe('the wait before a retry', () => {
  test.each([
    ['grows by its backoff rate until the attempts are used up', { IntervalSeconds: 5 }, [5, 10, 20, undefined]],
    ['does not exceed its maximum', { IntervalSeconds: 5, MaxAttempts: 4, MaxDelaySeconds: 12 }, [5, 10, 12, 12]],
    ['is a fraction of the interval with full jitter', { IntervalSeconds: 8, JitterStrategy: 'FULL' }, [4, 8, 16]],
    ['is a second by default, doubled each time', {}, [1, 2, 4, undefined]],
  ])('%s', (_, fields, expected) => {
    expect(delays(fields, busy(expected.length))).toEqual(expected);
  });
});

describe('a retrier', () => {
  test.each([
    ['does not match an error that it does not list', ['BusyError'], 'OtherError', false],
    ['matches a timeout by its name', ['States.Timeout'], 'States.Timeout', true],
    ['with States.ALL matches every error', ['States.ALL'], 'OtherError', true],
    ['with States.TaskFailed matches every error', ['States.TaskFailed'], 'OtherError', true],
    ['with States.TaskFailed does not match a timeout', ['States.TaskFailed'], 'States.Timeout', false],
  ])('%s', (_, ErrorEquals, error, isRetried) => {
    expect(delays({ ErrorEquals }, [error])[0] !== undefined).toBe(isRetried);
  });

  test('counts its own attempts, and the first retrier that matches an error decides', () => {
    const retries = createRetries(
      [retrier({ MaxAttempts: 1, IntervalSeconds: 3 }), retrier({ ErrorEquals: ['States.ALL'], IntervalSeconds: 7 })],
      () => 0,
    );

    const waits = ['BusyError', 'OtherError', 'BusyError'].map((error) => retries.nextDelaySeconds(error));

    expect(waits).toEqual([3, 7, undefined]);
  });
});
