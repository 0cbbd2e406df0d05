import { jpeg, png, webp } from '../../functions/images.ts';

/** The files to upload: images of each kind, and files that are not images. */
export const files = {
  png: await png(),
  jpeg: await jpeg(),
  webp: await webp(),
  text: Buffer.from('a picture would say more'),
  empty: Buffer.alloc(0),
} as const;

/** Returns the same image with other bytes, so that it is another picture. */
export function anotherPicture(image: Uint8Array, number: number): Uint8Array {
  return Buffer.concat([image, Buffer.from(`picture ${number}`)]);
}

export type FileKind = keyof typeof files;
