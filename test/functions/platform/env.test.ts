import { afterEach, expect, it, vi } from 'vitest';
import { readEnv } from '../../../functions/platform/env.ts';

afterEach(() => vi.unstubAllEnvs());

it('reads what it is asked for, and nothing else', () => {
  vi.stubEnv('MESHDROP_ONE', '1');
  vi.stubEnv('MESHDROP_TWO', '2');

  expect(readEnv('MESHDROP_ONE')).toEqual({ MESHDROP_ONE: '1' });
});

it('names everything that is missing or empty', () => {
  vi.stubEnv('MESHDROP_ONE', '');
  vi.stubEnv('MESHDROP_TWO', '2');

  expect(() => readEnv('MESHDROP_ONE', 'MESHDROP_TWO', 'MESHDROP_THREE')).toThrow(
    /MESHDROP_ONE, MESHDROP_THREE$/,
  );
});
