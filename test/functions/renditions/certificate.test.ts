import { describe, expect, it } from 'vitest';
import { certify, type FileFacts } from '../../../functions/renditions/certificate.ts';

const good: FileFacts = {
  bytes: 5_000_000,
  triangles: 100_000,
  materials: 5,
  textures: [
    { width: 2048, height: 2048 },
    { width: 512, height: 1024 },
  ],
  size: [0.5, 0.9, 0.5],
  base: [0, 0, 0],
};
const brokenBy = (facts: Partial<FileFacts>, profile: 'khronos' | 'shopify' | 'amazon' | 'ar') =>
  certify({ ...good, ...facts }, profile)
    .rules.filter(({ passed }) => !passed)
    .map(({ rule }) => rule);

describe('a certificate', () => {
  it.each(['khronos', 'amazon', 'ar'] as const)(
    'is given to a file that keeps every rule to its limit: %s',
    (profile) => {
      expect(certify(good, profile)).toMatchObject({
        passed: true,
        source: expect.stringMatching(/^https:/) as string,
      });
    },
  );

  it.each<[string, Partial<FileFacts>]>([
    ['bytes', { bytes: 5_000_001 }],
    ['triangles', { triangles: 100_001 }],
    ['materials', { materials: 6 }],
    ['texture sides in pixels', { textures: [{ width: 256, height: 512 }] }],
    ['texture sides in pixels', { textures: [{ width: 4096, height: 512 }] }],
    ['texture sides are powers of two', { textures: [{ width: 1000, height: 1024 }] }],
    ['longest side in metres', { size: [50, 90, 50] }],
    ['stands at the origin: distance as a share of its size', { base: [0, 0.01, 0] }],
  ])('of Khronos names the rule that a file breaks: %s', (rule, facts) => {
    expect(brokenBy(facts, 'khronos')).toEqual([rule]);
  });

  it('of Shopify gives an advice that decides nothing', () => {
    expect(brokenBy({}, 'shopify')).toEqual(['bytes of a typical model']);
    expect(certify(good, 'shopify').passed).toBe(true);
    expect(certify({ ...good, bytes: 15_000_001 }, 'shopify').passed).toBe(false);
  });
});
