import sharp from 'sharp';
import type { ReliefParameters } from '../../../local/scenario/relief/relief.ts';

export const DEFAULTS: ReliefParameters = {
  textured: true,
  detailed: false,
  lowPoly: false,
  parts: false,
  quad: false,
  autoSize: false,
  seed: 0,
};

export function drawing(content: string, width = 256, height = 256): Promise<Buffer> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${content}</svg>`;
  return sharp(Buffer.from(svg)).png().toBuffer();
}

export function plain(width: number, height: number, alpha = 1): Promise<Buffer> {
  const background = { r: 180, g: 60, b: 40, alpha };
  return sharp({ create: { width, height, channels: 4, background } })
    .png()
    .toBuffer();
}

export const RING = '<circle cx="128" cy="128" r="80" fill="none" stroke="#c33" stroke-width="40"/>';
