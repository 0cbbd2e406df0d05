import { describe, expect, it } from 'vitest';
import type { Model } from '../../../functions/models/model.ts';
import { tripo31 } from '../../../functions/models/tripo-3-1.ts';
import { readUploadOptions } from '../../../functions/submit-job/upload-options.ts';

const other: Model = { ...tripo31, name: 'other-1', id: 'model_other' };
const models = [tripo31, other];

describe('what an upload says about itself', () => {
  it.each([
    ['nothing, where the deployment regenerates', {}, 'regenerate', 'regenerate', tripo31],
    ['nothing, where the deployment reuses', {}, 'reuse', 'reuse', tripo31],
    ['to reuse', { 'meshdrop-on-duplicate': 'reuse' }, 'regenerate', 'reuse', tripo31],
    ['to regenerate', { 'meshdrop-on-duplicate': 'regenerate' }, 'reuse', 'regenerate', tripo31],
    ['to reuse, in any case', { 'meshdrop-on-duplicate': ' ReUse ' }, 'regenerate', 'reuse', tripo31],
    ['only foreign keys', { 'tripo-quad': 'true', author: 'somebody' }, 'regenerate', 'regenerate', tripo31],
    ['another model', { 'meshdrop-model': 'other-1' }, 'regenerate', 'regenerate', other],
  ] as const)('is followed: %s', (_, metadata, deployment, onDuplicate, model) => {
    const options = readUploadOptions(metadata, { model: tripo31, onDuplicate: deployment }, models);

    expect(options).toEqual({ model, onDuplicate });
  });

  it.each([
    [
      'a misspelled key',
      { 'meshdrop-on-duplciate': 'reuse' },
      'unknown-parameter',
      'did you mean meshdrop-on-duplicate?',
    ],
    ['an empty key', { 'meshdrop-': '' }, 'unknown-parameter', 'known: meshdrop-on-duplicate, meshdrop-model'],
    [
      'an unknown value',
      { 'meshdrop-on-duplicate': 'yes' },
      'bad-parameter',
      '"yes" is not allowed; use regenerate or reuse',
    ],
    ['an empty value', { 'meshdrop-on-duplicate': '' }, 'bad-parameter', '"" is not allowed'],
    [
      'an unknown model',
      { 'meshdrop-model': 'dalle' },
      'bad-parameter',
      '"dalle" is not allowed; use tripo-3-1 or other-1',
    ],
  ] as const)('is refused with the key, the value and what is allowed: %s', (_, metadata, code, words) => {
    const options = readUploadOptions(metadata, { model: tripo31, onDuplicate: 'regenerate' }, models);

    expect(options).toMatchObject({ failure: { code, reason: expect.stringContaining(words) as string } });
  });
});
