import { access, constants, stat } from 'node:fs/promises';
import { basename, relative, resolve, sep } from 'node:path';
import { UsageError } from '../../operator/usage-error.ts';

/** An image from the command line. */
export interface NamedImage {
  readonly typed: string;
  readonly file: string;
  /** The key in the upload bucket. */
  readonly key: string;
}

/** @throws UsageError if an image is missing or not a readable file, or if two images get the same key */
export async function namedImages(paths: readonly string[], folder: string): Promise<readonly NamedImage[]> {
  const images: NamedImage[] = [];
  for (const typed of paths) {
    const file = resolve(folder, typed);
    await checkFile(typed, file);
    const key = keyOf(file, folder);
    const same = images.find((image) => image.key === key);
    if (same)
      throw new UsageError(
        `${same.typed} and ${typed} have the same key ${key}: name one of them, or run the command twice`,
      );
    images.push({ typed, file, key });
  }
  return images;
}

/** Returns the path relative to the working folder, or only the file name for a file outside it. */
function keyOf(file: string, folder: string): string {
  const inside = relative(folder, file);
  return inside.startsWith('..') ? basename(file) : inside.split(sep).join('/');
}

async function checkFile(typed: string, file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (!found) throw new UsageError(`${typed} does not exist: check the path`);
  if (found.isDirectory())
    throw new UsageError(`${typed} is a folder: name the images in it, for example ${typed.replace(/\/+$/, '')}/*.png`);
  if (!found.isFile()) throw new UsageError(`${typed} is not a file`);
  await access(file, constants.R_OK).catch(() => {
    throw new UsageError(`${typed} is not readable: check its permissions`);
  });
}
