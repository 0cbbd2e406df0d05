import { describe, expect, it } from 'vitest';
import { againIn } from '../../../functions/submit-job/on-duplicate.ts';

describe('what becomes of an image that was seen before', () => {
  it.each([
    [{}, 'rerun', 'rerun'],
    [{}, 'reuse', 'reuse'],
    [{ 'meshdrop-again': 'reuse' }, 'rerun', 'reuse'],
    [{ 'meshdrop-again': 'rerun' }, 'reuse', 'rerun'],
    [{ 'meshdrop-again': ' ReUse ' }, 'rerun', 'reuse'],
    [{ 'tripo-quad': 'true', author: 'somebody' }, 'rerun', 'rerun'],
  ] as const)('with %j, else %s, is: %s', (metadata, otherwise, again) => {
    expect(againIn(metadata, otherwise)).toEqual({ again });
  });

  it.each([
    [{ 'meshdrop-agian': 'reuse' }, 'unknown-parameter', 'meshdrop-agian'],
    [{ 'meshdrop-again': 'reuse', 'meshdrop-': '' }, 'unknown-parameter', 'meshdrop-again'],
    [{ 'meshdrop-again': 'yes' }, 'bad-parameter', '"yes" is not allowed; use rerun or reuse'],
    [{ 'meshdrop-again': '' }, 'bad-parameter', '"" is not allowed'],
  ] as const)('with %j is rejected as %s, and the sentence says %s', (metadata, code, words) => {
    expect(againIn(metadata, 'rerun')).toMatchObject({
      failure: { code, reason: expect.stringContaining(words) as string },
    });
  });
});
