export const END_OF_JPEG = Buffer.from([0xff, 0xd9]);

const FIRST_SEGMENT = 2;
const START_OF_SCAN = 0xda;
/** Frames that are coded arithmetically. Few programs can read them. */
const ARITHMETIC = [0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf];
/** Markers without a length: restarts, start and end of the image. */
const ALONE = { from: 0xd0, to: 0xd9 };

/**
 * Goes through the segments up to the first scan, as tolerantly as decoders do. Segments can contain whole images, such
 * as a thumbnail, so the end of the image is searched for after them.
 */
export function scanJpeg(bytes: Uint8Array): { readonly isArithmetic: boolean; readonly isWhole: boolean } {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let isArithmetic = false;
  let at = FIRST_SEGMENT;
  while (at + 4 <= view.length) {
    const marker = view[at + 1] ?? 0;
    if (view[at] !== 0xff || marker === 0xff || marker === 0) {
      at += 1;
      continue;
    }
    if (marker === START_OF_SCAN) return { isArithmetic, isWhole: view.includes(END_OF_JPEG, at) };
    isArithmetic ||= ARITHMETIC.includes(marker);
    at += marker >= ALONE.from && marker <= ALONE.to ? 2 : 2 + view.readUInt16BE(at + 2);
  }
  return { isArithmetic, isWhole: false };
}
