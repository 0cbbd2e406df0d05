import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { pollInterval, type Progress } from '../../../functions/models/poll-interval.ts';
import { tripo31 } from '../../../functions/models/tripo-3-1.ts';

const { firstSeconds } = tripo31.polling;
const waitAfter = (progress: Progress) => pollInterval(progress, tripo31.polling);

it('checks a Tripo 3.1 job first after 55 s and then every 25 s', () => {
  expect(firstSeconds).toBe(55);
  expect(waitAfter({ elapsedSeconds: 55, progress: 0 })).toBe(25);
  expect(waitAfter({ elapsedSeconds: 2_000, progress: 0 })).toBe(25);
});

it('checks earlier when the progress says that the job ends earlier, and never later', () => {
  expect(waitAfter({ elapsedSeconds: 80, progress: 0.8 })).toBe(20);
  expect(waitAfter({ elapsedSeconds: 80, progress: 0.99 })).toBe(16);
  expect(waitAfter({ elapsedSeconds: 80, progress: 0.1 })).toBe(25);
});

it('checks at most 9 times in the first 180 s, whatever the progress does', () => {
  fc.assert(
    fc.property(fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (progress) => {
      let elapsedSeconds = firstSeconds;
      let checks = 0;
      while (elapsedSeconds <= 180) {
        checks += 1;
        const wait = waitAfter({ elapsedSeconds, progress: progress.next().value });
        expect(Number.isInteger(wait)).toBe(true);
        elapsedSeconds += wait;
      }
      expect(checks).toBeLessThanOrEqual(9);
    }),
  );
});

it('waits for whole seconds that a Wait state accepts, even by a clock that is wrong', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (elapsedSeconds, progress) => {
      const wait = waitAfter({ elapsedSeconds, progress });
      expect(Number.isInteger(wait) && wait >= 16 && wait <= 55).toBe(true);
    }),
    { examples: [[Number.POSITIVE_INFINITY, 1]] },
  );
});

it('follows the steps of the model that it is asked about', () => {
  const polling = { firstSeconds: 300, stepSeconds: 60, minSeconds: 30 };

  expect(pollInterval({ elapsedSeconds: 0, progress: 0 }, polling)).toBe(300);
  expect(pollInterval({ elapsedSeconds: 300, progress: 0 }, polling)).toBe(60);
  expect(pollInterval({ elapsedSeconds: 300, progress: 0.99 }, polling)).toBe(30);
});
