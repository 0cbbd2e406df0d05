import sharp from 'sharp';
import { expect, it } from 'vitest';
import { renderBoulder } from '../../examples/boulder.ts';

it('the boulder has a transparent background and is so rough that its pixels do not compress', async () => {
  const size = 200;

  const pixels = renderBoulder(size);

  const alphaAt = (x: number, y: number) => pixels[4 * (y * size + x) + 3];
  expect(alphaAt(size / 2, size / 2)).toBe(255);
  for (const [x, y] of [
    [0, 0],
    [size - 1, 0],
    [0, size - 1],
    [size - 1, size - 1],
  ] as const)
    expect(alphaAt(x, y)).toBe(0);
  const packed = await sharp(pixels, { raw: { width: size, height: size, channels: 4 } })
    .webp({ lossless: true, effort: 0 })
    .toBuffer();
  // The number of bytes per pixel at which 2500 × 2500 pixels exceed 6,000,000 bytes.
  expect(packed.length / size ** 2).toBeGreaterThan(6_000_000 / 2500 ** 2);
});
