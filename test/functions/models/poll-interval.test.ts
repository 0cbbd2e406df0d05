import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkTimes, pollInterval, type Progress } from '../../../functions/models/poll-interval.ts';
import { tripo31 } from '../../../functions/models/tripo-3-1.ts';

const usual = checkTimes(tripo31.typicalSeconds);
const steps = (times: readonly number[]) => times.map((time, n) => time - (times[n - 1] ?? 0));

describe('the times to check a job', () => {
  it('begin at 56 s for Tripo 3.1 and go on about every 24 s', () => {
    expect(usual.slice(0, 6)).toEqual([56, 80, 104, 128, 152, 176]);
    expect(usual.at(-1)).toBeGreaterThan(600);
  });

  it('follow jobs that are fast, and jobs that are slow', () => {
    expect(checkTimes([20, 25, 30, 35, 40])[0]).toBeLessThan(30);
    expect(checkTimes([900, 1_000, 1_100, 1_200])[0]).toBeGreaterThan(590);
  });

  it('leave out the time between two humps, in which no job ends', () => {
    const [before, after] = [120, 240];
    const times = checkTimes([55, 60, 65, 70, 300, 310, 320, 330]);

    expect(times.filter((time) => time > before && time < after).length).toBeLessThan(3);
    expect(times.filter((time) => time <= before).length).toBeGreaterThan(1);
    expect(times.filter((time) => time >= after).length).toBeGreaterThan(1);
  });

  it('are whole seconds, at least 16 s and at most two minutes apart, whatever the jobs were like', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 3_600 }), { minLength: 1, maxLength: 50 }), (durations) => {
        const times = checkTimes(durations);
        expect(times.every((time) => Number.isInteger(time))).toBe(true);
        const [first = 0, ...later] = steps(times);
        expect(first).toBeGreaterThanOrEqual(16);
        expect(first).toBeLessThanOrEqual(600);
        expect(later.every((step) => step >= 16 && step <= 120)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});

const waitAfter = (progress: Progress, last?: Progress) => pollInterval(progress, usual, last);

describe('the wait for the next check', () => {
  it('lasts until the next time, and leaves one out that is too near', () => {
    expect(waitAfter({ elapsedSeconds: 56, progress: 0 })).toBe(24);
    expect(waitAfter({ elapsedSeconds: 58, progress: 0.5 })).toBe(22);
    expect(waitAfter({ elapsedSeconds: 74, progress: 0 })).toBe(30);
  });

  it('is as long as the last step after the last of the times', () => {
    const [before = 0, last = 0] = usual.slice(-2);

    expect(waitAfter({ elapsedSeconds: 2_000, progress: 0 })).toBe(last - before);
  });

  it('ends shortly after the job would end at the speed since the last check, earlier or later', () => {
    const last = { elapsedSeconds: 56, progress: 0.4 };

    expect(waitAfter({ elapsedSeconds: 80, progress: 0.76 }, last)).toBe(18);
    expect(waitAfter({ elapsedSeconds: 80, progress: 0.6 }, last)).toBe(50);
  });

  it('is at most two and a half steps long, because progress can stop', () => {
    expect(waitAfter({ elapsedSeconds: 80, progress: 0.02 }, { elapsedSeconds: 56, progress: 0.01 })).toBe(60);
  });

  it('never trusts progress that stands still, goes back, or was seen only once', () => {
    const last = { elapsedSeconds: 56, progress: 0.9 };

    expect(waitAfter({ elapsedSeconds: 80, progress: 0.9 }, last)).toBe(24);
    expect(waitAfter({ elapsedSeconds: 80, progress: 0.1 }, last)).toBe(24);
    expect(waitAfter({ elapsedSeconds: 80, progress: 0.99 })).toBe(24);
    expect(waitAfter({ elapsedSeconds: 56, progress: 0.99 }, last)).toBe(24);
  });

  it('leads to at most 9 checks in the first 180 s, whatever the progress does', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (progress) => {
        let [elapsedSeconds = 0] = usual;
        let last: Progress | undefined;
        let checks = 0;
        while (elapsedSeconds <= 180) {
          checks += 1;
          const now = { elapsedSeconds, progress: progress.next().value };
          const wait = pollInterval(now, usual, last);
          expect(Number.isInteger(wait)).toBe(true);
          last = now;
          elapsedSeconds += wait;
        }
        expect(checks).toBeLessThanOrEqual(9);
      }),
    );
  });

  it('is in whole seconds that a Wait state accepts, even by a clock that is wrong', () => {
    const [seconds, share] = [fc.double({ noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })];
    fc.assert(
      fc.property(seconds, share, seconds, share, (elapsedSeconds, progress, lastSeconds, lastProgress) => {
        const last = { elapsedSeconds: lastSeconds, progress: lastProgress };
        const wait = waitAfter({ elapsedSeconds, progress }, last);
        expect(Number.isInteger(wait) && wait >= 16 && wait <= 150).toBe(true);
      }),
      { examples: [[Number.POSITIVE_INFINITY, 1, Number.NEGATIVE_INFINITY, 0]] },
    );
  });
});
