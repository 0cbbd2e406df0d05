import load from 'wasm-vips';
import type Vips from 'wasm-vips';
import type { Picture } from '../../local/scenario/relief/picture.ts';

/** The same as `local/scenario/files/image-codec.ts`, with the decoder of SubmitJob: no library for one platform. */

let loading: Promise<typeof Vips> | undefined;

async function vipsOnce(): Promise<typeof Vips> {
  loading ??= load({ dynamicLibraries: [] }).then((vips) => {
    vips.concurrency(1);
    vips.Cache.max(0);
    return vips;
  });
  return await loading;
}

/** One byte for each channel. Its declaration is an enum, but its value is this string. */
const UCHAR = 'uchar' as unknown as Vips.BandFormat;
const SRGB = 'srgb' as unknown as Vips.Interpretation;

/** Frees the images of one call together. */
async function using<T>(work: (vips: typeof Vips, keep: (image: Vips.Image) => Vips.Image) => T): Promise<T> {
  const vips = await vipsOnce();
  const images: Vips.Image[] = [];
  try {
    return work(vips, (image) => {
      images.push(image);
      return image;
    });
  } finally {
    for (const image of images.toReversed()) image.delete();
  }
}

export async function readHeader(bytes: Uint8Array) {
  return await using((vips, keep) => {
    const image = keep(vips.Image.newFromBuffer(bytes));
    const { width, height } = image;
    return { format: image.getString('vips-loader').replace(/load.*/, ''), width, height };
  });
}

export async function decodeWhole(bytes: Uint8Array, failOn: 'error' | 'warning'): Promise<void> {
  await using((vips, keep) => keep(vips.Image.newFromBuffer(bytes, '', { fail_on: failOn })).avg());
}

export async function decodePicture(image: Uint8Array, maxSide: number): Promise<Picture> {
  return await using((vips, keep) => {
    // It also turns the image upright.
    const small = keep(vips.Image.thumbnailBuffer(image, maxSide, { height: maxSide, size: 'down', fail_on: 'none' }));
    const color = keep(small.colourspace(SRGB));
    const whole = color.hasAlpha() ? color : keep(color.bandjoin(255));
    return pictureOf(keep(whole.cast(UCHAR)));
  });
}

export async function resized(picture: Picture, width: number, height: number): Promise<Picture> {
  return await using((vips, keep) => {
    const image = keep(imageOf(picture, vips));
    return pictureOf(keep(keep(image.thumbnailImage(width, { height, size: 'force' })).cast(UCHAR)));
  });
}

export async function encoded(
  picture: Picture,
  { format, quality, side }: { readonly format: 'jpeg' | 'webp'; readonly quality: number; readonly side?: number },
): Promise<Uint8Array> {
  return await using((vips, keep) => {
    const image = keep(imageOf(picture, vips));
    const sized = side === undefined ? image : keep(image.thumbnailImage(side));
    const opaque = keep(sized.extractBand(0, { n: 3 }));
    return format === 'jpeg' ? opaque.jpegsaveBuffer({ Q: quality }) : opaque.webpsaveBuffer({ Q: quality, effort: 2 });
  });
}

function imageOf({ rgba, width, height }: Picture, vips: typeof Vips): Vips.Image {
  const raw = vips.Image.newFromMemory(rgba, width, height, 4, UCHAR);
  const image = raw.copy({ interpretation: SRGB });
  raw.delete();
  return image;
}

function pictureOf(image: Vips.Image): Picture {
  return { width: image.width, height: image.height, rgba: Uint8Array.from(image.writeToMemory()) };
}
