import sharp from 'sharp';
import { seeded } from './shapes.ts';

interface ImageWish {
  readonly width: number;
  readonly height?: number;
  readonly format?: 'png' | 'jpeg' | 'webp' | 'avif';
  readonly kind?: 'wood' | 'noise' | 'normal' | 'holes' | 'glass' | 'checker';
  readonly bits?: 8 | 16;
}

/** Paints an image for a texture. */
export async function paint({
  width,
  height = width,
  format = 'jpeg',
  kind = 'wood',
  bits = 8,
}: ImageWish): Promise<Uint8Array<ArrayBuffer>> {
  const hasAlpha = kind === 'holes' || kind === 'glass';
  const channels = hasAlpha ? 4 : 3;
  const random = seeded(width * 31 + height);
  const data = new Uint8Array(width * height * channels);
  for (let y = 0, at = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1, at += channels) data.set(pixel(kind, x / width, y / height, random), at);
  const raw = sharp(data, { raw: { width, height, channels } });
  const image = bits === 16 ? raw.toColourspace('rgb16') : raw;
  const file = await image.toFormat(format, format === 'jpeg' ? { quality: 92 } : {}).toBuffer();
  return new Uint8Array(file);
}

function pixel(kind: NonNullable<ImageWish['kind']>, u: number, v: number, random: () => number): number[] {
  const grain = 0.5 + 0.5 * Math.sin(60 * u + 9 * Math.sin(6 * v) + 2 * random());
  if (kind === 'wood') return [120 + 90 * grain, 70 + 70 * grain, 30 + 40 * grain].map(Math.floor);
  if (kind === 'noise') return [random() * 255, random() * 255, random() * 255].map(Math.floor);
  if (kind === 'normal') return [128 + 40 * Math.sin(u * 90), 128 + 40 * Math.cos(v * 90), 230].map(Math.floor);
  const isLight = (Math.floor(u * 8) + Math.floor(v * 8)) % 2 === 0;
  if (kind === 'checker') return isLight ? [235, 235, 235] : [200, 30, 40];
  return [90, 160, 220, kind === 'glass' ? 110 : isLight ? 255 : 0];
}
