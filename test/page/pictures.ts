import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import sharp from 'sharp';

/** Makes a picture that no other number has: a disc on a ground. */
export async function picture(number: number): Promise<Buffer> {
  const hue = (number * 47) % 360;
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="96" height="96"><rect width="96" height="96" fill="#eee"/><circle cx="48" cy="48" r="${24 + (number % 20)}" fill="hsl(${hue} 60% 45%)"/><rect x="${number % 80}" y="4" width="6" height="6"/></svg>`;
  return await sharp(Buffer.from(drawing)).png().toBuffer();
}

/** Writes pictures below a folder, and returns their paths. */
export async function writePictures(folder: string, names: readonly string[], from = 1): Promise<readonly string[]> {
  const files = names.map((name) => join(folder, name));
  for (const [n, file] of files.entries()) {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, await picture(from + n));
  }
  return files;
}
