import { describe, expect, it } from 'vitest';
import { type Case, faultCases, pairCases, problemOf } from './campaign/campaign-cases.ts';
import { told } from './campaign/history.ts';

const SEED = 1;

/** Plays the case and returns the broken promise with its story, or an empty string. */
async function brokenIn(one: Case): Promise<string> {
  const ended = await one.play();
  const problem = problemOf(one, ended);
  return problem === undefined ? '' : told({ ...ended, problem }, one.name);
}

describe('an upload gets one result and at most one payment with', () => {
  it.each(faultCases(SEED))('$name', async (one) => {
    expect(await brokenIn(one)).toBe('');
  });
});

/** All pairs take minutes. The campaign plays them. */
const EVERY = 251;

describe('an upload gets one result and at most one payment with both', () => {
  it.each(pairCases(SEED).filter((_, n) => n % EVERY === 0))('$name', async (one) => {
    expect(await brokenIn(one)).toBe('');
  });
});
