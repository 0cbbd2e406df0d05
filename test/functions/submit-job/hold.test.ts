import { describe, expect, it } from 'vitest';
import { collectTelemetry } from '../telemetry-collector.ts';
import { virtualTime } from '../virtual-time.ts';
import { holdAndRetry } from '../../../functions/submit-job/hold.ts';
import {
  ScenarioAccountError,
  ScenarioBusyError,
  ScenarioInputError,
  ScenarioUnavailableError,
} from '../../../functions/scenario/errors.ts';
import { SubmissionsHeldError } from '../../../functions/spending/errors.ts';
import { TryLaterError } from '../../../functions/submit-job/errors.ts';

/** Holds an attempt that throws these one after the other and then succeeds. */
async function hold(errors: readonly Error[], { random = 0.5, remainingMs = 300_000 } = {}) {
  const time = virtualTime();
  const { telemetry, counts } = collectTelemetry();
  const endsAt = time.now() + remainingMs;
  const left = [...errors];
  let attempts = 0;
  const attempt = async () => {
    attempts += 1;
    const error = left.shift();
    if (error) throw error;
    return 'done';
  };
  const clock = { ...time, random: () => random };
  const invocation = { clock, telemetry, remainingMs: () => endsAt - time.now() };
  const result = await holdAndRetry(attempt, invocation).catch((error: unknown) => error);
  return { result, attempts, slept: time.slept, counts };
}

describe('a busy Scenario', () => {
  it.each([
    [0, 5_000],
    [0.5, 10_000],
    [0.999_9, 14_999],
  ])('is asked again after 5 to 15 s (random %f)', async (random, ms) => {
    const { result, slept, counts } = await hold([new ScenarioBusyError('full')], { random });

    expect(result).toBe('done');
    expect(slept).toEqual([ms]);
    expect(counts).toEqual([['BusySeconds', ms / 1_000]]);
  });

  it('is asked again when it says itself', async () => {
    const { slept } = await hold([new ScenarioBusyError('cooldown', { retryAfterSeconds: 42 })]);

    expect(slept).toEqual([42_000]);
  });

  it.each([0, -3, 0.01])('is never asked again at once, even when it says %f seconds', async (seconds) => {
    const { slept } = await hold([new ScenarioBusyError('cooldown', { retryAfterSeconds: seconds })]);

    expect(slept[0]).toBeGreaterThanOrEqual(1_000);
  });

  it('that wants to be left alone for longer than there is time is waited for to the end of it', async () => {
    const { result, slept, attempts } = await hold([new ScenarioBusyError('cooldown', { retryAfterSeconds: 612 })]);

    expect(result).toMatchObject({ name: 'TryLaterError', inSeconds: 0 });
    expect(attempts).toBe(1);
    expect(slept).toEqual([285_000]);
  });
});

describe('an account that is refused', () => {
  it('is tried again after a minute, and counted', async () => {
    const { result, slept, counts } = await hold([new ScenarioAccountError('no credits')]);

    expect(result).toBe('done');
    expect(slept).toEqual([60_000]);
    expect(counts).toEqual([['AccountRefused', 1]]);
  });
});

it('an unreachable Scenario is asked again after 5 to 15 s, and counted as neither', async () => {
  const { result, slept, counts } = await hold([new ScenarioUnavailableError('503')]);

  expect(result).toBe('done');
  expect(slept).toEqual([10_000]);
  expect(counts).toEqual([]);
});

it('tries no more with less than 90 s left, and hands the message back at once', async () => {
  const errors = Array.from({ length: 9 }, () => new ScenarioAccountError('no credits'));

  const { result, slept, attempts } = await hold(errors);

  expect(result).toMatchObject({ name: 'TryLaterError', inSeconds: 0 });
  expect(attempts).toBe(4);
  expect(slept).toEqual([60_000, 60_000, 60_000, 60_000]);
});

it('never waits into the last 15 s', async () => {
  const { result, slept } = await hold([new ScenarioAccountError('no')], { remainingMs: 40_000 });

  expect(result).toBeInstanceOf(TryLaterError);
  expect(slept).toEqual([25_000]);
});

it.each([
  ['paused', 'Paused', 10_000],
  ['daily-limit', 'OverDailyLimit', 60_000],
] as const)(
  'submissions that are held (%s) are tried again after a while, and counted',
  async (why, metric, waitMs) => {
    const { result, slept, counts } = await hold([new SubmissionsHeldError('not now', why)]);

    expect(result).toBe('done');
    expect(slept).toEqual([waitMs]);
    expect(counts).toEqual([[metric, 1]]);
  },
);

it('waits down to exactly 90 s', async () => {
  const { result, slept } = await hold([new ScenarioAccountError('no')], { remainingMs: 150_000 });

  expect(result).toBe('done');
  expect(slept).toEqual([60_000]);
});

it.each([
  ['a refused image', new ScenarioInputError('bad image')],
  ['an error of ours', new Error('ours')],
  ['a run that has to wait', new TryLaterError('later')],
])('does not wait if waiting does not help: %s', async (_, error) => {
  const { result, slept } = await hold([error]);

  expect(result).toBe(error);
  expect(slept).toEqual([]);
});
