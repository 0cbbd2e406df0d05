/** A number for each pixel. Outside the field, the value is 0, which always means "no object here". */
export interface Field {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

/** Creates a field of zeros. */
export function emptyField(width: number, height: number): Field {
  return { width, height, values: new Float32Array(width * height) };
}

/** Returns the value of a pixel, or 0 outside the field. */
export function valueAt({ width, height, values }: Field, x: number, y: number): number {
  if (x < 0 || y < 0 || x >= width || y >= height) return 0;
  return values[y * width + x] ?? 0;
}

/** Interpolates the value at a point. (0.5, 0.5) is the center of the first pixel. */
export function sampleAt(field: Field, x: number, y: number): number {
  const left = Math.floor(x - 0.5);
  const top = Math.floor(y - 0.5);
  const fx = x - 0.5 - left;
  const fy = y - 0.5 - top;
  const upper = valueAt(field, left, top) * (1 - fx) + valueAt(field, left + 1, top) * fx;
  const lower = valueAt(field, left, top + 1) * (1 - fx) + valueAt(field, left + 1, top + 1) * fx;
  return upper * (1 - fy) + lower * fy;
}

/**
 * Returns the mean over a square around a point. A coarse grid needs it to keep thin parts that fall between its lines.
 */
export function meanAround(field: Field, x: number, y: number, side: number): number {
  if (side <= 1) return sampleAt(field, x, y);
  const steps = Math.min(24, Math.ceil(side));
  let sum = 0;
  for (let row = 0; row < steps; row++) {
    const sampleY = y + ((row + 0.5) / steps - 0.5) * side;
    for (let column = 0; column < steps; column++) {
      sum += valueAt(field, Math.floor(x + ((column + 0.5) / steps - 0.5) * side), Math.floor(sampleY));
    }
  }
  return sum / (steps * steps);
}

/** Applies a box blur in both directions. */
export function blurred(field: Field, radius: number): Field {
  return blurredAcross(blurredAcross(field, radius, 1, field.width), radius, field.width, 1);
}

function blurredAcross(field: Field, radius: number, step: number, lineStep: number): Field {
  const { width, height, values } = field;
  const out = emptyField(width, height);
  const length = step === 1 ? width : height;
  const lines = step === 1 ? height : width;
  const span = 2 * radius + 1;
  for (let line = 0; line < lines; line++) {
    const start = line * lineStep;
    const read = (at: number) => values[start + Math.max(0, Math.min(length - 1, at)) * step] ?? 0;
    let sum = 0;
    for (let at = -radius; at <= radius; at++) sum += read(at);
    for (let at = 0; at < length; at++) {
      out.values[start + at * step] = sum / span;
      sum += read(at + radius + 1) - read(at - radius);
    }
  }
  return out;
}
