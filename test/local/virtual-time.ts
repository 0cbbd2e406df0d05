import { createRandom } from '../simulation/world/random.ts';
import { createVirtualClock } from '../simulation/world/clock.ts';

/** Creates a clock for one test, which advances only when the test advances it. */
export function createVirtualTime() {
  const clock = createVirtualClock(Date.UTC(2026, 2, 1, 12), createRandom(1));
  return {
    clock,
    /** Advances the clock by this many seconds and runs everything that is due. */
    pass: async (seconds: number): Promise<void> => {
      // Run pending work now, not later.
      await new Promise((resolve) => setImmediate(resolve));
      let isOver = false;
      clock.after(seconds * 1000, () => {
        isOver = true;
      });
      while (!isOver) await clock.step();
    },
  };
}
