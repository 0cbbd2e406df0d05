import type Vips from 'wasm-vips';
import { imageTypeOf } from './image-type.ts';
import { END_OF_JPEG, scanJpeg } from './jpeg.ts';
import { isPngComplete, pngSize, withoutComments } from './png.ts';

/** What a decoder says about an image. `width` and `height` are in pixels, as stored, before any rotation. */
export type Decoded =
  | { readonly is: 'image'; readonly width: number; readonly height: number }
  | { readonly is: 'incomplete' | 'damaged' | 'arithmetic' };

/** A larger frame of a WebP takes too much memory, so the decoder scales it down on the way. */
const MOST_WHOLE_PIXELS = 4_000_000;
const SCALE = 0.25;

/**
 * Decodes every pixel of a JPEG, PNG or WebP image.
 *
 * @param maxSide an image with a longer side, in pixels, is not decoded: its size is enough to refuse it
 */
export function decode(bytes: Uint8Array, maxSide: number, vips: typeof Vips): Decoded {
  const type = imageTypeOf(bytes);
  if (!type) return { is: 'damaged' };
  if (type.name === 'PNG') return decodePng(bytes, maxSide, vips);
  if (type.name === 'JPEG') return decodeJpeg(bytes, maxSide, vips);
  const isWhole = bytes.length >= 8 + Buffer.from(bytes.buffer, bytes.byteOffset).readUInt32LE(4);
  return orWhy(isWhole, () => readPixels(bytes, maxSide, vips, 'error'));
}

function decodePng(bytes: Uint8Array, maxSide: number, vips: typeof Vips): Decoded {
  const size = pngSize(bytes);
  // The decoder refuses a side beyond its own limit without telling how long it is.
  if (size && Math.max(size.width, size.height) > maxSide) return { is: 'image', ...size };
  return orWhy(isPngComplete(bytes), () => readPixels(withoutComments(bytes), maxSide, vips, 'error'));
}

function decodeJpeg(bytes: Uint8Array, maxSide: number, vips: typeof Vips): Decoded {
  const { isArithmetic, isWhole } = scanJpeg(bytes);
  if (isArithmetic) return { is: 'arithmetic' };
  const first = orWhy(isWhole, () => readPixels(bytes, maxSide, vips, 'error'));
  if (first.is === 'image') return first;
  // An image that lacks only its end marker is readable by everybody. With it, the decoder finds nothing odd.
  const ended = Buffer.concat([bytes, END_OF_JPEG]);
  const second = orWhy(isWhole, () => readPixels(ended, maxSide, vips, 'warning'));
  return second.is === 'image' ? second : first;
}

function readPixels(bytes: Uint8Array, maxSide: number, vips: typeof Vips, failOn: 'error' | 'warning'): Decoded {
  const options = { access: 'sequential', fail_on: failOn } as const;
  const image = vips.Image.newFromBuffer(bytes, '', options);
  try {
    const { width, height } = image;
    const size = { is: 'image', width, height } as const;
    if (Math.max(width, height) > maxSide) return size;
    const isLargeWebp = image.getString('vips-loader').startsWith('webp') && width * height > MOST_WHOLE_PIXELS;
    const read = isLargeWebp ? vips.Image.webploadBuffer(bytes, { ...options, scale: SCALE }) : image;
    // The average is of no use, but it takes every pixel.
    read.avg();
    if (read !== image) read.delete();
    return size;
  } finally {
    image.delete();
  }
}

/** @param isWhole whether the file has its end, so that what is wrong is wrong in the middle */
function orWhy(isWhole: boolean, read: () => Decoded): Decoded {
  try {
    return read();
  } catch (error) {
    // The decoder itself broke.
    if (error instanceof Error && error.name === 'RuntimeError') throw error;
    return { is: isWhole ? 'damaged' : 'incomplete' };
  }
}
