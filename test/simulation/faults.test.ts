import { describe, expect, it } from 'vitest';
import { type Case, faultCases, pairCases, problemOf } from './campaign-cases.ts';
import { told } from './history.ts';

const SEED = 1;

/** What was broken, with its story; empty when nothing was. */
async function brokenIn(one: Case): Promise<string> {
  const ended = await one.play();
  const problem = problemOf(one, ended);
  return problem === undefined ? '' : told({ ...ended, problem }, one.name);
}

describe('an upload is answered once, and paid at most once, with', () => {
  it.each(faultCases(SEED))('$name', async (one) => {
    expect(await brokenIn(one)).toBe('');
  });
});

/** All pairs take minutes: the campaign plays them. */
const EVERY = 251;

describe('an upload is answered once, and paid at most once, with both', () => {
  it.each(pairCases(SEED).filter((_, n) => n % EVERY === 0))('$name', async (one) => {
    expect(await brokenIn(one)).toBe('');
  });
});
