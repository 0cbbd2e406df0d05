import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { storyOf } from './campaign/campaign-worker.ts';
import { play } from './campaign/history.ts';
import { historyOf, randomHistory } from './campaign/histories.ts';

const SEED = 2026;
const RUNS = 40;

it('keeps all promises in random histories of several uploads', async () => {
  const property = fc.asyncProperty(randomHistory, async (random) => {
    const { problem } = await play(historyOf(random));
    if (problem !== undefined) throw new Error(problem);
  });

  const { counterexample } = await fc.check(property, { seed: SEED, numRuns: RUNS });

  const [smallest] = counterexample ?? [];
  expect(smallest ? await storyOf(smallest) : '').toBe('');
});

it('plays the same history for the same seed', async () => {
  for (const random of fc.sample(randomHistory, { seed: SEED, numRuns: 3 })) {
    const [first, second] = [await play(historyOf(random)), await play(historyOf(random))];

    expect(second.story()).toEqual(first.story());
  }
});
