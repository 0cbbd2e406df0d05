import { createHash } from 'node:crypto';
import type Vips from 'wasm-vips';
import type { Pixels } from './texture.ts';

/** Reads and writes images. Every image is bounded before its pixels are read. */
export interface ImageCodec {
  /** In pixels. @throws Error if the file is not an image */
  sizeOf(file: Uint8Array): { readonly width: number; readonly height: number; readonly hasAlpha: boolean };
  /** Decodes an image, made smaller if a side is longer. @throws Error if it cannot be decoded */
  decode(file: Uint8Array, maxSide: number): Pixels;
  /** Writes an image again with sides that are powers of two. */
  encode(file: Uint8Array, target: Target): Uint8Array<ArrayBuffer>;
  toWebp(image: Pixels, quality: number): Uint8Array<ArrayBuffer>;
  /** Writes an animation that repeats forever. All frames have the same size. */
  toAnimation(frames: readonly Pixels[], frameMs: number, quality: number): Uint8Array<ArrayBuffer>;
}

export interface Target {
  readonly format: 'jpeg' | 'png' | 'webp';
  readonly maxSide: number;
  /** From 1 to 100. PNG has none. */
  readonly quality: number;
}

/** A larger texture would fill the memory. */
const MAX_PIXELS = 8192 * 8192;
/** No rendition has a larger one. */
const MAX_SIDE = 2048;
/** Decoded images that are kept: the same textures are written for each rendition. */
const MAX_KEPT = 6;
const MIN_SIDE = 1;
/** With less, a smaller file is wanted. */
const BEST_QUALITY = 85;
/** One byte for each channel. Its declaration is an enum, but its value is this string. */
const UCHAR = 'uchar' as unknown as Vips.BandFormat;

export function createImageCodec(vips: typeof Vips): ImageCodec {
  /** Frees the images of one call together. */
  function using<T>(work: (keep: (image: Vips.Image) => Vips.Image) => T): T {
    const images: Vips.Image[] = [];
    const keep = (image: Vips.Image) => {
      images.push(image);
      return image;
    };
    try {
      return work(keep);
    } finally {
      for (const image of images.toReversed()) image.delete();
    }
  }
  type Keep = (image: Vips.Image) => Vips.Image;

  /** By their SHA-256: a copy of a model has copies of its textures. */
  const recent = new Map<string, Vips.Image>();

  /** Decodes an image into sRGB of one byte for each channel, and at most the largest side. */
  function open(file: Uint8Array): Vips.Image {
    const key = createHash('sha256').update(file).digest('hex');
    const found = recent.get(key);
    if (found) return found;
    const decoded = using((keep) => {
      const image = keep(vips.Image.newFromBuffer(file, '', { access: 'sequential', fail_on: 'error' }));
      const { width, height } = image;
      if (width * height > MAX_PIXELS) throw new Error(`${width} × ${height} pixels are too many`);
      const isPlain = image.interpretation === 'srgb' && image.format === 'uchar';
      const plain = isPlain ? image : keep(image.colourspace('srgb'));
      const factor = Math.min(1, MAX_SIDE / Math.max(width, height));
      const side = (length: number) => Math.max(1, Math.round(length * factor));
      return resize(plain, side(width), side(height), keep).copyMemory();
    });
    const [oldest] = recent.keys();
    if (oldest !== undefined && recent.size >= MAX_KEPT) {
      recent.get(oldest)?.delete();
      recent.delete(oldest);
    }
    recent.set(key, decoded);
    return decoded;
  }

  function resize(image: Vips.Image, width: number, height: number, keep: Keep): Vips.Image {
    if (image.width === width && image.height === height) return image;
    return keep(image.resize(width / image.width, { vscale: height / image.height, kernel: 'lanczos3' }));
  }

  function fromPixels(image: Pixels, keep: Keep): Vips.Image {
    const raw = keep(vips.Image.newFromMemory(image.data, image.width, image.height, 4, UCHAR));
    return keep(raw.copy({ interpretation: 'srgb' }));
  }

  /** Whether a file is what is asked for. To write it again would only make it worse. */
  function isReady(file: Uint8Array, format: Target['format'], maxSide: number): boolean {
    return using((keep) => {
      const image = keep(vips.Image.newFromBuffer(file, '', { access: 'sequential' }));
      const isPlain = image.interpretation === 'srgb' && image.format === 'uchar';
      const fits = [image.width, image.height].every((side) => side === nearestPower(side, maxSide));
      const isAsked = image.getString('vips-loader').startsWith(format);
      // All of it is decoded once: a damaged texture is found here.
      return isPlain && fits && isAsked && open(file).width > 0;
    });
  }

  return {
    sizeOf: (file) =>
      using((keep) => {
        const { width, height, bands } = keep(vips.Image.newFromBuffer(file, '', { access: 'sequential' }));
        return { width, height, hasAlpha: bands === 2 || bands === 4 };
      }),

    decode: (file, maxSide) =>
      using((keep) => {
        let image = open(file);
        const factor = Math.min(1, maxSide / Math.max(image.width, image.height));
        const side = (length: number) => Math.max(1, Math.round(length * factor));
        image = resize(image, side(image.width), side(image.height), keep);
        if (image.bands === 3) image = keep(image.bandjoin(255));
        return { width: image.width, height: image.height, data: new Uint8Array(image.writeToMemory() as Uint8Array) };
      }),

    encode: (file, { format, maxSide, quality }) =>
      using((keep) => {
        if (quality >= BEST_QUALITY && isReady(file, format, maxSide)) return own(file);
        let image = open(file);
        image = resize(image, nearestPower(image.width, maxSide), nearestPower(image.height, maxSide), keep);
        if (format === 'jpeg') {
          if (image.hasAlpha()) image = keep(image.extractBand(0, { n: image.bands - 1 }));
          return own(image.jpegsaveBuffer({ Q: quality, keep: 'none', optimize_coding: true }));
        }
        if (format === 'png') return own(image.pngsaveBuffer({ compression: 9, keep: 'none' }));
        return own(image.webpsaveBuffer({ Q: quality, keep: 'none', effort: 4, exact: true }));
      }),

    toWebp: (image, quality) =>
      using((keep) => own(fromPixels(image, keep).webpsaveBuffer({ Q: quality, keep: 'none', effort: 2 }))),

    toAnimation: (frames, frameMs, quality) =>
      using((keep) => {
        const [{ height } = { height: 1 }] = frames;
        const images = frames.map((frame) => fromPixels(frame, keep));
        const strip = keep(keep(vips.Image.arrayjoin(images, { across: 1 })).copy());
        strip.setInt('page-height', height);
        strip.setArrayInt(
          'delay',
          frames.map(() => frameMs),
        );
        strip.setInt('loop', 0);
        return own(strip.webpsaveBuffer({ Q: quality, effort: 4, alpha_q: 80, min_size: true }));
      }),
  };
}

/** A copy: what the decoder returns lies in its own memory. */
function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

/** Of sides that are powers of two, the nearest one that is not longer than the limit. */
function nearestPower(side: number, maxSide: number): number {
  return Math.max(MIN_SIDE, Math.min(2 ** Math.round(Math.log2(side)), 2 ** Math.floor(Math.log2(maxSide))));
}
