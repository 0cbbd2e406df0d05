import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { firstWaitSeconds, nextWait } from '../../../functions/models/poll-interval.ts';

it('looks first after 55 s and then every 25 s', () => {
  expect(firstWaitSeconds).toBe(55);
  expect(nextWait({ elapsedSeconds: 55, progress: 0 })).toBe(25);
  expect(nextWait({ elapsedSeconds: 2_000, progress: 0 })).toBe(25);
});

it('comes earlier when the progress says that the job ends earlier, and never later', () => {
  expect(nextWait({ elapsedSeconds: 80, progress: 0.8 })).toBe(20);
  expect(nextWait({ elapsedSeconds: 80, progress: 0.99 })).toBe(16);
  expect(nextWait({ elapsedSeconds: 80, progress: 0.1 })).toBe(25);
});

it('asks at most 9 times in the first 180 s, whatever the progress does', () => {
  fc.assert(
    fc.property(fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (progress) => {
      let elapsedSeconds = firstWaitSeconds;
      let checks = 0;
      while (elapsedSeconds <= 180) {
        checks += 1;
        const wait = nextWait({ elapsedSeconds, progress: progress.next().value });
        expect(Number.isInteger(wait)).toBe(true);
        elapsedSeconds += wait;
      }
      expect(checks).toBeLessThanOrEqual(9);
    }),
  );
});

it('is a whole number of seconds that a Wait state takes, even by a clock that goes wrong', () => {
  fc.assert(
    fc.property(
      fc.double({ noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (elapsedSeconds, progress) => {
        const wait = nextWait({ elapsedSeconds, progress });
        expect(Number.isInteger(wait) && wait >= 16 && wait <= 55).toBe(true);
      },
    ),
  );
});
