import { expect } from 'vitest';
import { MIN_SILHOUETTE } from '../../functions/renditions/fidelity.ts';
import { type Outcome, WISH } from './make-one.ts';

const MAX_PEAK_MEGABYTES = 3_000;
const MAX_USDZ_BYTES = 10_000_000;
const MAX_TURNTABLE_BYTES = 1_000_000;

/** What is true of the renditions of every model of the corpus. */
export function expectSound({ bytes, triangles, silhouette, peakMegabytes, ...outcome }: Outcome): void {
  expect(outcome.isOriginalUntouched).toBe(true);
  expect(outcome.errors).toEqual([]);
  expect(outcome.missing).toEqual([]);
  expect(Object.keys(bytes).sort()).toEqual(['ar', 'plain', 'poster', 'turntable', 'web']);
  expect(silhouette).toBeGreaterThanOrEqual(MIN_SILHOUETTE);
  expect(peakMegabytes).toBeLessThan(MAX_PEAK_MEGABYTES);
  expect(bytes.turntable).toBeLessThan(MAX_TURNTABLE_BYTES);
  // What is above its budget says so.
  const told = outcome.notes.join('\n');
  if ((triangles ?? 0) > WISH.maxTriangles) expect(told).toMatch(/triangles instead of/);
  if ((bytes.web ?? 0) > WISH.maxBytes) expect(told).toMatch(/web has .* bytes, more than its limit/);
  if ((bytes.plain ?? 0) > WISH.maxBytes) expect(told).toMatch(/plain has .* bytes, more than its limit/);
  if ((bytes.ar ?? 0) > MAX_USDZ_BYTES) expect(told).toMatch(/ar has .* bytes/);
}
