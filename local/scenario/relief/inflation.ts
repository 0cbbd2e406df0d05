import { blurred, emptyField, type Field, valueAt } from './field.ts';
import type { Picture } from './picture.ts';

/** Enough for a smooth surface at each level, because the coarser levels have done most of the work. */
const SWEEPS = 40;
/** A hemisphere would look like a balloon. Most objects are flatter than they are wide. */
const FLATNESS = 0.72;

/**
 * Returns the height of the object at each pixel, in pixels, if its silhouette is inflated like a cushion.
 *
 * Solves "each point is one higher than the mean of its neighbors, and 0 outside". The solution is smooth, and its
 * square root meets the edge at a right angle: over a disc, it is exactly a hemisphere.
 */
export function inflated(cover: Field): Field {
  const solution = solved(cover);
  const height = emptyField(cover.width, cover.height);
  for (let i = 0; i < height.values.length; i++) {
    height.values[i] = FLATNESS * 2 * Math.sqrt(Math.max(0, solution.values[i] ?? 0));
  }
  return height;
}

/** Solves from coarse to fine: a start that is nearly right needs few sweeps. */
function solved(cover: Field): Field {
  const { width, height } = cover;
  const isSmallest = Math.min(width, height) <= 12;
  const guess = isSmallest ? emptyField(width, height) : doubled(solved(halved(cover)), width, height);
  relax(guess, cover);
  return guess;
}

/** Works with a margin of zeros, so that every pixel of the object has four neighbors. */
function relax({ width, height, values }: Field, cover: Field): void {
  const stride = width + 2;
  const heights = new Float64Array(stride * (height + 2));
  const inside: number[] = [];
  for (let at = 0; at < values.length; at++) {
    if ((cover.values[at] ?? 0) < 0.5) continue;
    const own = (Math.floor(at / width) + 1) * stride + (at % width) + 1;
    heights[own] = values[at] ?? 0;
    inside.push(own);
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (const at of inside) {
      const across = (heights[at - 1] ?? 0) + (heights[at + 1] ?? 0);
      const down = (heights[at - stride] ?? 0) + (heights[at + stride] ?? 0);
      heights[at] = (across + down + 1) / 4;
    }
  }
  values.fill(0);
  for (const at of inside) values[(Math.floor(at / stride) - 1) * width + (at % stride) - 1] = heights[at] ?? 0;
}

function halved(field: Field): Field {
  const half = emptyField(Math.ceil(field.width / 2), Math.ceil(field.height / 2));
  for (let y = 0; y < half.height; y++) {
    for (let x = 0; x < half.width; x++) {
      const sum =
        valueAt(field, 2 * x, 2 * y) +
        valueAt(field, 2 * x + 1, 2 * y) +
        valueAt(field, 2 * x, 2 * y + 1) +
        valueAt(field, 2 * x + 1, 2 * y + 1);
      half.values[y * half.width + x] = sum / 4;
    }
  }
  return half;
}

/** Doubles the resolution. The solution grows with the square of the scale. */
function doubled(field: Field, width: number, height: number): Field {
  const double = emptyField(width, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) double.values[y * width + x] = 4 * valueAt(field, x >> 1, y >> 1);
  }
  return double;
}

/**
 * Returns the relief within the object, from −1 to 1: pixels brighter than their surroundings are raised, and darker
 * ones are lowered.
 */
export function detailOf(picture: Picture): Field {
  const light = emptyField(picture.width, picture.height);
  for (let i = 0; i < light.values.length; i++) {
    const at = i * 4;
    const [red, green, blue] = [picture.rgba[at] ?? 0, picture.rgba[at + 1] ?? 0, picture.rgba[at + 2] ?? 0];
    light.values[i] = (0.3 * red + 0.59 * green + 0.11 * blue) / 255;
  }
  const near = blurred(blurred(light, 1), 1);
  const far = blurred(blurred(light, 12), 12);
  return { ...near, values: near.values.map((value, i) => Math.tanh(2 * (value - (far.values[i] ?? 0)))) };
}
