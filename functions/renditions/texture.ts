/** A decoded image: red, green, blue, alpha, one byte each. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** An image and its halves, down to one pixel. What is far away is drawn from a smaller one. */
export type Mips = readonly Pixels[];

export function toMips(image: Pixels): Mips {
  const mips = [image];
  for (let last = image; last.width > 1 || last.height > 1; ) {
    last = half(last);
    mips.push(last);
  }
  return mips;
}

function half({ width, height, data }: Pixels): Pixels {
  const [w, h] = [Math.max(1, width >> 1), Math.max(1, height >> 1)];
  const smaller = new Uint8Array(w * h * 4);
  for (let y = 0; y < h; y += 1)
    for (let x = 0; x < w; x += 1) {
      const [x0, y0] = [Math.min(x * 2, width - 1), Math.min(y * 2, height - 1)];
      const [x1, y1] = [Math.min(x0 + 1, width - 1), Math.min(y0 + 1, height - 1)];
      for (let channel = 0; channel < 4; channel += 1) {
        const at = (column: number, row: number) => data[(row * width + column) * 4 + channel] ?? 0;
        smaller[(y * w + x) * 4 + channel] = (at(x0, y0) + at(x1, y0) + at(x0, y1) + at(x1, y1) + 2) >> 2;
      }
    }
  return { width: w, height: h, data: smaller };
}

/**
 * Reads the color at u, v, between its four nearest pixels. The image repeats.
 *
 * @param into receives red, green, blue, and alpha, from 0 to 255
 */
export function sample({ width, height, data }: Pixels, u: number, v: number, into: Float32Array): void {
  const x = (u - Math.floor(u)) * width - 0.5;
  const y = (v - Math.floor(v)) * height - 0.5;
  const [fx, fy] = [Math.floor(x), Math.floor(y)];
  const [dx, dy] = [x - fx, y - fy];
  const x0 = ((fx + width) % width) * 4;
  const x1 = ((fx + 1) % width) * 4;
  const y0 = ((fy + height) % height) * width * 4;
  const y1 = ((fy + 1) % height) * width * 4;
  for (let channel = 0; channel < 4; channel += 1) {
    const top = (data[y0 + x0 + channel] ?? 0) * (1 - dx) + (data[y0 + x1 + channel] ?? 0) * dx;
    const bottom = (data[y1 + x0 + channel] ?? 0) * (1 - dx) + (data[y1 + x1 + channel] ?? 0) * dx;
    into[channel] = top * (1 - dy) + bottom * dy;
  }
}

/** From sRGB bytes to linear light, and back. */
const LINEAR = Float32Array.from({ length: 256 }, (_, byte) => {
  const value = byte / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
});
const SRGB = Uint8Array.from({ length: 4096 }, (_, step) => {
  const light = step / 4095;
  return Math.round(255 * (light <= 0.0031308 ? light * 12.92 : 1.055 * light ** (1 / 2.4) - 0.055));
});

export function toLinear(byte: number): number {
  return LINEAR[Math.min(255, Math.max(0, Math.round(byte)))] ?? 0;
}

export function toSrgb(light: number): number {
  return SRGB[Math.min(4095, Math.max(0, Math.round(light * 4095)))] ?? 0;
}
