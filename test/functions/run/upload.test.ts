import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assetFolder, assetName, manifestKey, recordKey } from '../../../functions/run/keys.ts';
import { baseName, runIdOf } from '../../../functions/run/upload.ts';

const slugOf = (key: string) => runIdOf({ bucket: 'b', key, versionId: '1' }).slice(0, -33);

describe('the id of a run', () => {
  it.each([
    ['chairs/Oak Chair.png', 'oak-chair'],
    ['Café_Crème.JPG', 'cafe-creme'],
    ['ﬁne ½.png', 'fine-1-2'],
    ['İstanbul.webp', 'istanbul'],
    ['🪑.png', 'image'],
    ['a🪑b.png', 'a-b'],
    ['椅子.png', 'image'],
    ['--a--b--.png', 'a-b'],
    ['oak.v2.png', 'oak-v2'],
    ['.png', 'png'],
    ['noextension', 'noextension'],
    [`${'a'.repeat(60)}.png`, 'a'.repeat(40)],
    [`${'a'.repeat(39)}-b.png`, 'a'.repeat(39)],
  ])('says of %s that it is %s', (key, slug) => {
    expect(slugOf(key)).toBe(slug);
  });

  it('is the SHA-256 of bucket, key and version, of which 32 hex digits are kept', () => {
    expect(runIdOf({ bucket: 'uploads', key: 'chairs/oak.png', versionId: 'v1' })).toBe(
      'oak-541b81f640e89b5bdd20ac23b8ddc787',
    );
  });

  it('is the same for the same version and another for every other bucket, key or version', () => {
    const one = { bucket: 'b', key: 'oak.png', versionId: '1' };

    const others = [
      { ...one, versionId: '2' },
      { ...one, key: 'x/oak.png' },
      { ...one, bucket: 'c' },
    ];

    expect(runIdOf({ ...one })).toBe(runIdOf(one));
    expect(new Set([one, ...others].map(runIdOf)).size).toBe(4);
  });

  it('can name an execution, whatever the key', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (key) => {
        expect(runIdOf({ bucket: 'b', key, versionId: '1' })).toMatch(
          /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?-[0-9a-f]{32}$/,
        );
      }),
    );
  });
});

describe('keys in the asset bucket', () => {
  it('lie below the upload key and the run', () => {
    expect(manifestKey('chairs/oak.png', 'oak-1')).toBe('models/chairs/oak.png/oak-1/manifest.json');
    expect(recordKey('oak-1')).toBe('runs/oak-1.json');
  });

  it.each([
    ['a', 600, 600],
    ['é', 601, 600],
    ['€', 601, 600],
    ['🪑', 602, 600],
    ['x🪑', 600, 600],
  ])('keep at most 600 bytes of an upload key of %s, whole characters only', (text, _, most) => {
    const folder = assetFolder(text.repeat(700), 'run');

    const kept = folder.slice('models/'.length, -'/run/'.length);
    expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(most);
    expect(Buffer.byteLength(kept)).toBeGreaterThan(most - 4);
    expect(kept).not.toContain('\uFFFD');
    expect(text.repeat(700).startsWith(kept)).toBe(true);
  });

  it('keep 600 bytes and 100 bytes as they are, and one less when a character would be split', () => {
    expect(assetFolder('a'.repeat(600), 'r')).toBe(`models/${'a'.repeat(600)}/r/`);
    expect(assetFolder(`${'a'.repeat(599)}é`, 'r')).toBe(`models/${'a'.repeat(599)}/r/`);
    expect(assetName(`${'a'.repeat(100)}.png`)).toBe('a'.repeat(100));
    expect(assetName(`${'a'.repeat(98)}€.png`)).toBe('a'.repeat(98));
  });

  it('fit into what S3 allows, whatever the upload is called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1_000 }), (key) => {
        const runId = runIdOf({ bucket: 'b', key, versionId: '1' });
        const file = `${assetFolder(key, runId)}${assetName(key)}.preview-500.webp`;
        expect(Buffer.byteLength(file)).toBeLessThanOrEqual(1_024);
      }),
    );
  });

  it.each([
    ['chairs/oak.v2.png', 'oak.v2'],
    ['.png', '.png'],
    ['a.b/c', 'c'],
  ])('of %s are named %s', (key, name) => {
    expect(baseName(key)).toBe(name);
  });
});
