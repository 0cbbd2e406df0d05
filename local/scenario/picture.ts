import sharp from 'sharp';

/** An image as rows of RGBA bytes. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array;
}

/** glTF viewers and phones are happy with 1024; more would only make the newcomer wait. */
const MAX_TEXTURE = 1024;

/** The image upright, at most 1024 px a side. A broken one gives what could be read of it. */
export async function pictureOf(image: Uint8Array): Promise<Picture> {
  const { data, info } = await sharp(image, { failOn: 'none' })
    .autoOrient()
    .resize(MAX_TEXTURE, MAX_TEXTURE, { fit: 'inside', withoutEnlargement: true })
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, rgba: data };
}

/** The same picture squeezed into exactly this size. */
export async function resized(picture: Picture, width: number, height: number): Promise<Picture> {
  const rgba = await sharpOf(picture).resize(width, height, { fit: 'fill', kernel: 'linear' }).raw().toBuffer();
  return { width, height, rgba };
}

/** For encoding a picture of ours. */
export function sharpOf({ width, height, rgba }: Picture) {
  return sharp(rgba, { raw: { width, height, channels: 4 } });
}
