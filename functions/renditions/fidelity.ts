import { lookAt } from './camera.ts';
import { type DrawnPart, draw } from './draw.ts';
import type { Box } from './scene.ts';
import { type Pixels, toLinear } from './texture.ts';

/** How near a rendition is to its original, seen from twelve sides. */
export interface Fidelity {
  /** The silhouettes' common area, as a share of their whole area (IoU). The worst and the mean of the views. */
  readonly silhouette: { readonly worst: number; readonly mean: number };
  /** The mean difference of colors, as CIE 1976 ΔE. 2 is hardly visible. */
  readonly colorDifference: number;
}

export const MIN_SILHOUETTE = 0.97;

const SIZE = 320;
/** All around, from slightly above and slightly below, and from the top and the bottom. */
const VIEWS = [
  ...Array.from({ length: 5 }, (_, n) => [(n * 2 * Math.PI) / 5, 0.45] as const),
  ...Array.from({ length: 5 }, (_, n) => [((n + 0.5) * 2 * Math.PI) / 5, -0.45] as const),
  [0, Math.PI / 2] as const,
  [0, -Math.PI / 2] as const,
];

/** Draws the views that are compared. @param box around the original, also for its renditions */
export function drawViews(parts: readonly DrawnPart[], box: Box): readonly Pixels[] {
  return VIEWS.map(([yaw, pitch]) => draw(parts, lookAt(box, yaw, pitch, false), SIZE, 'flat'));
}

export function compareViews(original: readonly Pixels[], rendition: readonly Pixels[]): Fidelity {
  const views = original.map((view, n) => compareView(view, rendition[n] ?? view));
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / (values.length || 1);
  const overlaps = views.map(({ overlap }) => overlap);
  return {
    silhouette: { worst: round(Math.min(...overlaps)), mean: round(mean(overlaps)) },
    colorDifference: round(mean(views.map(({ color }) => color))),
  };
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

function compareView(a: Pixels, b: Pixels): { readonly overlap: number; readonly color: number } {
  let [either, both, difference] = [0, 0, 0];
  for (let at = 0; at < a.data.length; at += 4) {
    const [inA, inB] = [(a.data[at + 3] ?? 0) > 127, (b.data[at + 3] ?? 0) > 127];
    if (inA || inB) either += 1;
    if (!inA || !inB) continue;
    both += 1;
    difference += deltaE(a.data, b.data, at);
  }
  return { overlap: either === 0 ? 1 : both / either, color: both === 0 ? 0 : difference / both };
}

function deltaE(a: Uint8Array, b: Uint8Array, at: number): number {
  const [first, second] = [toLab(a, at), toLab(b, at)];
  return Math.hypot(first[0] - second[0], first[1] - second[1], first[2] - second[2]);
}

/** CIELAB under D65. @see IEC 61966-2-1 for the matrix */
function toLab(data: Uint8Array, at: number): readonly [number, number, number] {
  const [r, g, b] = [toLinear(data[at] ?? 0), toLinear(data[at + 1] ?? 0), toLinear(data[at + 2] ?? 0)];
  const curve = (t: number) => (t > 216 / 24389 ? Math.cbrt(t) : (24389 / 27) * t * (1 / 116) + 16 / 116);
  const x = curve((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047);
  const y = curve(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = curve((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}
