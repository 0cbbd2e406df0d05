import sharp from 'sharp';

/** What a file says it is. */
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

/** Simulations send the same small pictures thousands of times. */
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

/** The image, by its bytes; undefined when it is none. Only the header is read: a file broken further on passes here. */
export const imageFactsOf = onceForSmall(factsOf);

async function factsOf(bytes: Uint8Array): Promise<ImageFacts | undefined> {
  try {
    const { format, width, height } = await sharp(bytes).metadata();
    const mimeType = ACCEPTED[format];
    return mimeType === undefined
      ? undefined
      : { mimeType, extension: format === 'jpeg' ? 'jpg' : format, width, height };
  } catch {
    return undefined;
  }
}

/** Tripo's own limit, behind Scenario's. */
const MOST_BYTES_FOR_TRIPO = 20_000_000;

/** Why Tripo cannot work with a file that Scenario took, in words like its own; undefined when it can. */
export async function tripoObjectionTo(bytes: Uint8Array, mimeType: string): Promise<string | undefined> {
  if (!['image/jpeg', 'image/png', 'image/webp'].includes(mimeType)) {
    return 'Tripo error 2004: the file type is not supported';
  }
  if (bytes.byteLength > MOST_BYTES_FOR_TRIPO) return 'Tripo error 2022: the image is too large';
  return (await canBeRead(bytes)) ? undefined : 'Tripo error 2020: the image could not be read';
}

const canBeRead = onceForSmall(async (bytes) => {
  try {
    await sharp(bytes).resize(32, 32).raw().toBuffer();
    return true;
  } catch {
    return false;
  }
});
