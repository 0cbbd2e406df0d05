import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { renderBoulder } from './boulder.ts';
import { chair } from './chair.ts';
import { type Picture, render } from './render.ts';
import { teapot } from './teapot.ts';

interface Image {
  readonly file: string;
  readonly make: (file: string) => Promise<void>;
}

const images: Readonly<Record<string, Image>> = {
  chair: { file: 'oak-chair.png', make: makeChair },
  teapot: { file: 'teapot.jpg', make: makeTeapot },
  boulder: { file: 'boulder.webp', make: makeBoulder },
};

/** Renders a wooden chair on a transparent background. */
async function makeChair(file: string): Promise<void> {
  await smoothRender(chair, 1024).png({ compressionLevel: 9 }).toFile(file);
}

/** Renders a glazed teapot on a pale table. */
async function makeTeapot(file: string): Promise<void> {
  await smoothRender(teapot, 1024).removeAlpha().jpeg({ quality: 95, chromaSubsampling: '4:4:4' }).toFile(file);
}

/**
 * Renders a mossy boulder on a transparent background in seconds. The file exceeds 6,000,000 bytes, which is its
 * purpose.
 */
export async function makeBoulder(file: string): Promise<void> {
  const raw = { width: 2500, height: 2500, channels: 4 } as const;
  await sharp(renderBoulder(raw.width), { raw }).webp({ lossless: true, effort: 0 }).toFile(file);
}

/** Traces four rays per pixel: renders at twice the size, then scales down. */
function smoothRender(picture: Picture, size: number): Sharp {
  const raw = { width: 2 * size, height: 2 * size, channels: 4 } as const;
  return sharp(render(picture, raw.width), { raw }).resize(size, size);
}

async function make({ file, make }: Image): Promise<void> {
  const started = performance.now();
  const path = join(import.meta.dirname, file);
  await make(path);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${file}: ${statSync(path).size.toLocaleString('en')} bytes in ${seconds} s`);
}

async function main(words: readonly string[]): Promise<void> {
  const unknown = words.find((word) => !Object.hasOwn(images, word));
  if (unknown !== undefined) {
    console.error(
      `there is no image "${unknown}": use ${Object.keys(images).join(', ')}, or no argument for those that are missing`,
    );
    process.exitCode = 2;
    return;
  }
  for (const [word, image] of Object.entries(images)) {
    const isWanted = words.length > 0 ? words.includes(word) : !existsSync(join(import.meta.dirname, image.file));
    if (isWanted) await make(image);
  }
}

if (import.meta.main) await main(process.argv.slice(2));
