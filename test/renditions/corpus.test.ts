import { describe, expect, it } from 'vitest';
import { systemClock } from '../../functions/platform/clock.ts';
import { createMake } from '../../functions/make-renditions/make-in-thread.ts';
import { CORPUS } from './corpus/corpus.ts';
import { damaged } from './corpus/damage.ts';
import { faultsIn } from './faults-in.ts';
import { WISH } from './make-one.ts';
import { runOne } from './run-one.ts';
import { seeded } from './corpus/shapes.ts';

/** With a seed, a third of the corpus: another one for each seed. Without one, all of it. */
const seed = process.env['RENDITIONS_SEED'];
const random = seeded(Number(seed ?? 0));
const isChosen = () => seed === undefined || random() < 1 / 3;
const samples = CORPUS.filter(isChosen);
const DAMAGED = 240;
const damages = Array.from({ length: DAMAGED }, (_, n) => n).filter(isChosen);

describe('the renditions of a model', () => {
  it('are tried with at least 120 models', () => {
    expect(CORPUS.length).toBeGreaterThanOrEqual(120);
    expect(new Set(CORPUS.map(({ name }) => name)).size).toBe(CORPUS.length);
  });

  it.concurrent.each(samples)('are small, valid, and like it: $name', async ({ name }) => {
    expect(faultsIn(await runOne(name))).toEqual([]);
  });
});

describe('a damaged model', () => {
  const make = createMake(systemClock);

  it.concurrent.each(damages)('ends in an answer: %i', async (n) => {
    const { files, missing } = await make({ glb: await damaged(n), reason: '', wish: WISH });

    const answered = [...files.map(({ role }) => role), ...missing.map(({ role }) => role)];
    expect(answered.sort()).toEqual([...WISH.names].sort());
    for (const { reason } of missing) expect(reason).toMatch(/\w/);
  });
});
