import { type Document, Material, type Texture } from '@gltf-transform/core';
import { EXTTextureWebP } from '@gltf-transform/extensions';
import { listTextureSlots } from '@gltf-transform/functions';
import type { ImageCodec, Target } from './image-codec.ts';

/** How the textures of a file are written. */
export interface TextureWish {
  readonly maxSide: number;
  /** From 1 to 100. */
  readonly quality: number;
  /** Whether viewers know WebP. If not, they get JPEG, and PNG for what is transparent. */
  readonly webp: boolean;
}

/** In a normal map, what the eye does not see in a photo becomes a dent. */
const NORMAL_QUALITY = 90;

/**
 * Writes every texture of a model again: smaller, with sides that are powers of two.
 *
 * @returns the names of textures that cannot be read. They are gone from the model, and nothing else is
 */
export function encodeTextures(document: Document, wish: TextureWish, codec: ImageCodec): readonly string[] {
  const broken: string[] = [];
  for (const texture of document.getRoot().listTextures()) {
    try {
      encodeTexture(texture, wish, codec);
    } catch {
      broken.push(texture.getName() || texture.getURI() || 'without a name');
      texture.dispose();
    }
  }
  if (
    document
      .getRoot()
      .listTextures()
      .some((texture) => texture.getMimeType() === 'image/webp')
  )
    document.createExtension(EXTTextureWebP).setRequired(true);
  return broken;
}

function encodeTexture(texture: Texture, { maxSide, quality, webp }: TextureWish, codec: ImageCodec): void {
  const file = texture.getImage() ?? new Uint8Array();
  const isNormal = listTextureSlots(texture).includes('normalTexture');
  const lossy: Target['format'] = webp ? 'webp' : 'jpeg';
  const format = needsAlpha(texture) && codec.sizeOf(file).hasAlpha && !webp ? 'png' : lossy;
  const encoded = codec.encode(file, {
    format,
    maxSide,
    quality: isNormal ? Math.max(quality, NORMAL_QUALITY) : quality,
  });
  texture.setImage(encoded).setMimeType(`image/${format}`).setURI('');
}

function needsAlpha(texture: Texture): boolean {
  return texture.listParents().some((parent) => parent instanceof Material && parent.getAlphaMode() !== 'OPAQUE');
}
