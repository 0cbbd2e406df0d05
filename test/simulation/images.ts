import { jpeg, png, webp } from '../functions/images.ts';

/** The files to upload: images of each kind, and files that are not images. */
export const files = {
  png: await png(),
  jpeg: await jpeg(),
  webp: await webp(),
  text: Buffer.from('a picture would say more'),
  empty: Buffer.alloc(0),
} as const;

export type FileKind = keyof typeof files;
