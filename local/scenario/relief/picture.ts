import sharp from 'sharp';

/** An image as rows of RGBA bytes. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array;
}

/** Enough for glTF viewers and phones. A larger texture only takes more time. */
const MAX_TEXTURE = 1024;

/**
 * Decodes an image, corrects its orientation, and limits each side to 1024 px. Decodes as much as possible of a damaged
 * image.
 */
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

/** Scales an image to exactly this size, without regard to its aspect ratio. */
export async function resized(picture: Picture, width: number, height: number): Promise<Picture> {
  const rgba = await sharpOf(picture).resize(width, height, { fit: 'fill', kernel: 'linear' }).raw().toBuffer();
  return { width, height, rgba };
}

/** Wraps an image for encoding. */
export function sharpOf({ width, height, rgba }: Picture) {
  return sharp(rgba, { raw: { width, height, channels: 4 } });
}
