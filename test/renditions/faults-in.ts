import { MIN_SILHOUETTE } from '../../functions/renditions/fidelity.ts';
import { type Outcome, WISH } from './make-one.ts';

const MAX_PEAK_MEGABYTES = 3_000;
const MAX_USDZ_BYTES = 10_000_000;
const MAX_TURNTABLE_BYTES = 1_000_000;

/** What is wrong with the renditions of a model of the corpus. Empty for every model. */
export function faultsIn(outcome: Outcome): readonly string[] {
  const { bytes, triangles = 0, silhouette = 0, peakMegabytes, notes } = outcome;
  const says = (pattern: RegExp) => notes.some((note) => pattern.test(note));
  const made = Object.keys(bytes).sort().join(' ');
  const { web = 0, plain = 0, ar = 0, turntable = 0 } = bytes;
  return [
    ...outcome.errors,
    ...outcome.missing.map(({ role, reason }) => `${role} is missing: ${reason}`),
    !outcome.isOriginalUntouched && 'the original has changed',
    made !== 'ar plain poster turntable web' && `the files are ${made}`,
    silhouette < MIN_SILHOUETTE && `its silhouette is ${silhouette}`,
    peakMegabytes > MAX_PEAK_MEGABYTES && `it took ${peakMegabytes} MB`,
    turntable >= MAX_TURNTABLE_BYTES && `the turntable has ${turntable} bytes`,
    // What is above its budget says so.
    triangles > WISH.maxTriangles &&
      !says(/triangles instead of/) &&
      `it has ${triangles} triangles and does not say so`,
    web > WISH.maxBytes && !says(/^web has .* bytes/) && `web has ${web} bytes and does not say so`,
    plain > WISH.maxBytes && !says(/^plain has .* bytes/) && `plain has ${plain} bytes and does not say so`,
    ar > MAX_USDZ_BYTES && !says(/^ar has .* bytes/) && `ar has ${ar} bytes and does not say so`,
  ].filter((fault) => fault !== false);
}
