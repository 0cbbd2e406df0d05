import type { Document } from '@gltf-transform/core';
import { cloneDocument, meshopt } from '@gltf-transform/functions';
import { MeshoptEncoder } from 'meshoptimizer';
import { writeGlb } from './gltf-io.ts';
import type { ImageCodec } from './image-codec.ts';
import { removeUnused } from './simplify-model.ts';
import { encodeTextures, type TextureWish } from './textures.ts';

/** From the best to the smallest. Each is tried only if the last one is too large. */
const STEPS = [
  { maxSide: 2048, quality: 85 },
  { maxSide: 1024, quality: 85 },
  { maxSide: 1024, quality: 65 },
  { maxSide: 512, quality: 65 },
  { maxSide: 256, quality: 50 },
] as const;

/** Compression must save this share of a file, because a viewer has to undo it. */
const WORTH = 0.15;

export interface WebFile {
  readonly glb: Uint8Array<ArrayBuffer>;
  readonly brokenTextures: readonly string[];
}

/**
 * Writes a model for the web: with small textures, and compressed if it is worth it.
 *
 * @param compressed whether viewers know WebP and meshopt. If not, the file has no extension at all
 */
export async function writeWeb(
  model: Document,
  { maxBytes, compressed }: { readonly maxBytes: number; readonly compressed: boolean },
  codec: ImageCodec,
): Promise<WebFile> {
  let smallest: WebFile | undefined;
  for (const step of STEPS) {
    const file = await writeOnce(model, { ...step, webp: compressed }, codec);
    if (!smallest || file.glb.length < smallest.glb.length) smallest = file;
    if (smallest.glb.length <= maxBytes || model.getRoot().listTextures().length === 0) break;
  }
  return smallest as WebFile;
}

async function writeOnce(model: Document, wish: TextureWish, codec: ImageCodec): Promise<WebFile> {
  const copy = cloneDocument(model);
  copy.setLogger(model.getLogger());
  if (!wish.webp) for (const extension of copy.getRoot().listExtensionsUsed()) extension.dispose();
  const brokenTextures = encodeTextures(copy, wish, codec);
  await copy.transform(removeUnused());
  const plain = await writeGlb(copy);
  if (!wish.webp) return { glb: plain, brokenTextures };
  await copy.transform(meshopt({ encoder: MeshoptEncoder, level: 'medium' }));
  const packed = await writeGlb(copy);
  return { glb: packed.length < plain.length * (1 - WORTH) ? packed : plain, brokenTextures };
}
