import { describe, expect, it } from 'vitest';
import type { MetadataAllowed, OnDuplicate } from '../../../functions/contract/options.ts';
import type { Model } from '../../../functions/models/model.ts';
import { tripo31 } from '../../../functions/models/tripo-3-1.ts';
import { readUploadOptions } from '../../../functions/models/upload-options.ts';

const other: Model = { ...tripo31, name: 'other-1', id: 'model_other' };
const models = [tripo31, other];

function read(metadata: Readonly<Record<string, string>>, { onDuplicate = 'regenerate', allowed = 'all' }: Said = {}) {
  return readUploadOptions(metadata, { options: { model: tripo31, onDuplicate }, models, metadataAllowed: allowed });
}

/** What the deployment says. */
interface Said {
  readonly onDuplicate?: OnDuplicate;
  readonly allowed?: MetadataAllowed;
}

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
    expect(read(metadata, { onDuplicate: deployment })).toMatchObject({ model, onDuplicate });
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
    expect(read(metadata)).toMatchObject({ failure: { code, reason: expect.stringContaining(words) as string } });
  });
});

describe('a metadata key', () => {
  it.each([
    ['tripo_face_limit', 'tripo-face-limit'],
    ['Tripo.Face.Limit', 'tripo-face-limit'],
    ['x-amz-meta-tripo-face-limit', 'tripo-face-limit'],
    ['x-amz-meta-x-amz-meta-tripo-quad', 'tripo-quad'],
    ['meshdrop on duplicate', 'meshdrop-on-duplicate'],
  ])('means the documented one, however its words are joined: %s', (written, key) => {
    const value = key === 'meshdrop-on-duplicate' ? 'reuse' : '5000';

    expect(read({ [written]: value })).toMatchObject({ metadata: { [key]: value } });
  });

  it.each([
    ['tripp-quad', 'tripo-quad'],
    ['tripoFaceLimit', 'tripo-face-limit'],
    ['tirpo-seed', 'tripo-seed'],
    ['meshdrp-on-duplicate', 'meshdrop-on-duplicate'],
  ])('that is nearly one of ours is refused with the right one: %s', (written, key) => {
    expect(read({ [written]: '1' })).toMatchObject({
      failure: { code: 'unknown-parameter', reason: `${written}: did you mean ${key}?` },
    });
  });

  it.each(['mtime', 's3cmd-attrs', 'author', 'texture', 'seed', 'width'])('of somebody else is ignored: %s', (key) => {
    expect(read({ [key]: '1' })).toMatchObject({ metadata: {} });
  });

  it('that is set twice, in two spellings, is refused', () => {
    expect(read({ 'tripo-quad': 'true', tripo_quad: 'false' })).toMatchObject({
      failure: { reason: 'tripo_quad: tripo-quad is set twice' },
    });
  });

  it.each([
    ['none', false],
    [['tripo-seed'], false],
    [['tripo-quad'], true],
    ['all', true],
  ] as const)('can be used if the deployment allows it: %j', (allowed, isAllowed) => {
    const found = read({ tripo_quad: 'true', mtime: '1' }, { allowed: allowed as MetadataAllowed });

    if (isAllowed) expect(found).toMatchObject({ metadata: { 'tripo-quad': 'true' } });
    else
      expect(found).toMatchObject({
        failure: {
          code: 'unknown-parameter',
          reason: expect.stringMatching(/^tripo-quad: this deployment does not allow this metadata key/) as string,
          hint: expect.stringContaining('metadataAllowed') as string,
        },
      });
  });
});
