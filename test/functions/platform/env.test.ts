import { afterEach, describe, expect, it, vi } from 'vitest';
import { readEnv, readPositive } from '../../../functions/platform/env.ts';

afterEach(() => vi.unstubAllEnvs());

it('reads the variables that it is asked for and no others', () => {
  vi.stubEnv('MESHDROP_ONE', '1');
  vi.stubEnv('MESHDROP_TWO', '2');

  expect(readEnv(['MESHDROP_ONE'])).toEqual({ MESHDROP_ONE: '1' });
});

it('names every variable that is missing or empty', () => {
  vi.stubEnv('MESHDROP_ONE', '');
  vi.stubEnv('MESHDROP_TWO', '2');

  expect(() => readEnv(['MESHDROP_ONE', 'MESHDROP_TWO', 'MESHDROP_THREE'])).toThrow(/MESHDROP_ONE, MESHDROP_THREE$/);
});

describe('a variable that is a number', () => {
  it('is read as one', () => {
    expect(readPositive({ MINUTES: '2.5' }, 'MINUTES')).toBe(2.5);
    expect(readPositive({ MAX_CU_PER_DAY: 'Infinity' }, 'MAX_CU_PER_DAY')).toBe(Number.POSITIVE_INFINITY);
  });

  it.each(['0', '-1', 'many', ''])('is refused by its name if it is "%s"', (value) => {
    expect(() => readPositive({ MINUTES: value }, 'MINUTES')).toThrow(/MINUTES must be a number above 0/);
  });
});
