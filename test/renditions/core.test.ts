import { describe, expect, it } from 'vitest';
import { CORPUS } from './corpus/corpus.ts';
import { faultsIn } from './faults-in.ts';
import { runOne } from './run-one.ts';

/** `npm run test:renditions` has all models. */
const core = CORPUS.filter(({ isCore }) => isCore);

describe('the renditions of a model', () => {
  it('are tried with six models here', () => {
    expect(core).toHaveLength(6);
  });

  it.each(core)('are small, valid, and like it: $name', async ({ name }) => {
    expect(faultsIn(await runOne(name))).toEqual([]);
  });
});
