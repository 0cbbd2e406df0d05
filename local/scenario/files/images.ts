import { decodeWhole, readHeader } from './image-codec.ts';

/** What the header of an image states. */
export interface ImageFacts {
  readonly mimeType: string;
  readonly extension: string;
  readonly width: number;
  readonly height: number;
}

const ACCEPTED: Readonly<Record<string, string>> = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  gif: 'image/gif',
  svg: 'image/svg+xml',
  webp: 'image/webp',
  tiff: 'image/tiff',
  heif: 'image/heif',
};

/** Simulations send the same small images thousands of times, so results for small images are cached. */
const SMALL_BYTES = 4096;

function onceForSmall<T>(look: (bytes: Uint8Array) => Promise<T>): (bytes: Uint8Array) => Promise<T> {
  const seen = new Map<string, Promise<T>>();
  return (bytes) => {
    if (bytes.byteLength > SMALL_BYTES || seen.size > 1_000) return look(bytes);
    const key = Buffer.from(bytes).toString('latin1');
    const known = seen.get(key) ?? look(bytes);
    seen.set(key, known);
    return known;
  };
}

/**
 * Identifies an image by its bytes. Returns undefined for other files. Reads only the header, so a file that is damaged
 * further on passes.
 */
export const imageFactsOf = onceForSmall(factsOf);

async function factsOf(bytes: Uint8Array): Promise<ImageFacts | undefined> {
  try {
    const { format, width, height } = await readHeader(bytes);
    const mimeType = ACCEPTED[format];
    return mimeType === undefined
      ? undefined
      : { mimeType, extension: format === 'jpeg' ? 'jpg' : format, width, height };
  } catch {
    return undefined;
  }
}

/** The limits of Tripo, which are separate from those of Scenario: bytes, and pixels of each side. */
const MOST_BYTES_FOR_TRIPO = 20_000_000;
const SIDES_FOR_TRIPO = { min: 20, max: 6_000 };

/**
 * Returns why Tripo can't process a file that Scenario has accepted, in the style of Tripo's messages, or undefined if
 * it can.
 */
export async function tripoObjectionTo(bytes: Uint8Array, mimeType: string): Promise<string | undefined> {
  const { width = 0, height = 0 } = (await imageFactsOf(bytes)) ?? {};
  if (!['image/jpeg', 'image/png', 'image/webp'].includes(mimeType)) {
    return 'Tripo error 2004: the file type is not supported';
  }
  if (bytes.byteLength > MOST_BYTES_FOR_TRIPO) return 'Tripo error 2022: the image is too large';
  if (Math.min(width, height) < SIDES_FOR_TRIPO.min) return 'Tripo error 2022: the image is too small';
  if (Math.max(width, height) > SIDES_FOR_TRIPO.max) return 'Tripo error 2022: the image is too large';
  return (await canBeRead(bytes)) ? undefined : 'Tripo error 2020: the image could not be read';
}

const END_OF_JPEG = Buffer.from('ffd9', 'hex');

/** Like everybody, it reads images with odd bytes in them, and a JPEG that lacks only its end marker. */
const canBeRead = onceForSmall(
  async (bytes) =>
    (await isDecoded(bytes, 'error')) || (await isDecoded(Buffer.concat([bytes, END_OF_JPEG]), 'warning')),
);

async function isDecoded(bytes: Uint8Array, failOn: 'error' | 'warning'): Promise<boolean> {
  try {
    await decodeWhole(bytes, failOn);
    return true;
  } catch {
    return false;
  }
}
