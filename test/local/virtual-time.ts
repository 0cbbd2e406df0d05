import { createRandom } from '../simulation/random.ts';
import { createVirtualClock } from '../simulation/clock.ts';

/** Time for one test, which passes only when the test lets it. */
export function createVirtualTime() {
  const clock = createVirtualClock(Date.UTC(2026, 2, 1, 12), createRandom(1));
  return {
    clock,
    /** Lets so many seconds pass, and everything happen that is due by then. */
    pass: async (seconds: number): Promise<void> => {
      // What is under way happens now, not later.
      await new Promise((resolve) => setImmediate(resolve));
      let isOver = false;
      clock.after(seconds * 1000, () => {
        isOver = true;
      });
      while (!isOver) await clock.step();
    },
  };
}
