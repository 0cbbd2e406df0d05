import { decodePicture } from '../files/image-codec.ts';

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
  return await decodePicture(image, MAX_TEXTURE);
}
