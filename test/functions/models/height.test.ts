import { describe, expect, it } from 'vitest';
import { metresIn, whyNotHeight } from '../../../functions/models/height.ts';
import { MODELS } from '../../../functions/models/registry.ts';
import { readUploadOptions } from '../../../functions/models/upload-options.ts';

describe('the height of a thing', () => {
  it.each([
    ['0.85m', 0.85],
    ['85cm', 0.85],
    [' 85 CM ', 0.85],
    ['33in', 0.8382],
    ['850mm', 0.85],
    ['6ft', 1.8288],
    ['.5m', 0.5],
    ['1000m', 1000],
    ['1mm', 0.001],
  ])('can be written as %s', (text, metres) => {
    expect(metresIn(text)).toBe(metres);
    expect(whyNotHeight(text)).toBeUndefined();
  });

  it.each(['', '85', 'cm', '0m', '-1m', '1e3m', '1,5m', '1001m', '0.5mm', '5 miles', 'NaN m', '85cmcm'])(
    'is not "%s", and the message says what is allowed',
    (text) => {
      expect(metresIn(text)).toBeUndefined();
      expect(whyNotHeight(text)).toContain(`"${text}" is not a height; use a number and a unit from 1 mm to 1000 m`);
    },
  );

  it('is checked before anything is paid, and its key corrected if it is nearly right', () => {
    const [model] = MODELS;
    if (!model) throw new Error('there is no model');
    const settings = { models: MODELS, metadataAllowed: 'all', options: { model, onDuplicate: 'reuse' } } as const;

    expect(readUploadOptions({ Meshdrop_Height: '85cm' }, settings)).toMatchObject({
      metadata: { 'meshdrop-height': '85cm' },
    });
    expect(readUploadOptions({ 'meshdrop-height': '85' }, settings)).toMatchObject({
      failure: { code: 'bad-parameter' },
    });
    expect(readUploadOptions({ 'meshdrop-hight': '85cm' }, settings)).toMatchObject({
      failure: {
        code: 'unknown-parameter',
        reason: expect.stringContaining('did you mean meshdrop-height?') as string,
      },
    });
  });
});
