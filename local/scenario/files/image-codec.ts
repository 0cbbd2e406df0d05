import sharp from 'sharp';
import type { Picture } from '../relief/picture.ts';

/** Reads and writes images for the stand-in. The package has another version of this file, without a native library. */

/** Reads the header. @throws Error if the file is not an image */
export async function readHeader(
  bytes: Uint8Array,
): Promise<{ readonly format: string; readonly width: number; readonly height: number }> {
  return await sharp(bytes).metadata();
}

/** Decodes every pixel. @throws Error if the image cannot be read */
export async function decodeWhole(bytes: Uint8Array, failOn: 'error' | 'warning'): Promise<void> {
  await sharp(bytes, { failOn }).resize(32, 32).raw().toBuffer();
}

/** Decodes as much as possible, upright, in sRGB, and with no side longer than this. */
export async function decodePicture(image: Uint8Array, maxSide: number): Promise<Picture> {
  const { data, info } = await sharp(image, { failOn: 'none' })
    .autoOrient()
    .resize(maxSide, maxSide, { fit: 'inside', withoutEnlargement: true })
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, rgba: data };
}

/** Scales an image to exactly this size, without regard to its aspect ratio. */
export async function resized(picture: Picture, width: number, height: number): Promise<Picture> {
  const rgba = await sharpOf(picture).resize(width, height, { fit: 'fill', kernel: 'linear' }).raw().toBuffer();
  return { width, height, rgba };
}

/** Of WebP. More makes the files a little smaller, and takes twice as long. */
const EFFORT = 2;

/** Encodes an opaque image, made square if a side is given. */
export async function encoded(
  picture: Picture,
  { format, quality, side }: { readonly format: 'jpeg' | 'webp'; readonly quality: number; readonly side?: number },
): Promise<Uint8Array> {
  const image = side === undefined ? sharpOf(picture) : sharpOf(picture).resize(side);
  return await image.removeAlpha().toFormat(format, { quality, effort: EFFORT }).toBuffer();
}

function sharpOf({ width, height, rgba }: Picture) {
  return sharp(rgba, { raw: { width, height, channels: 4 } });
}
