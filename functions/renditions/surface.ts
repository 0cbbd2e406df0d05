import type { Material, Texture } from '@gltf-transform/core';
import type { EmissiveStrength, Unlit } from '@gltf-transform/extensions';
import type { DrawnPart, Style, Surface } from './draw.ts';
import type { ImageCodec } from './image-codec.ts';
import type { Part } from './scene.ts';
import { type Mips, toMips } from './texture.ts';

/** Of a part without a material. */
export const PLAIN: Surface = {
  color: [1, 1, 1, 1],
  colorMips: undefined,
  emission: [0, 0, 0],
  emissionMips: undefined,
  metallic: 0,
  roughness: 0.8,
  metalRoughMips: undefined,
  normalMips: undefined,
  alphaMode: 'OPAQUE',
  alphaCutoff: 0.5,
  isDoubleSided: true,
};

/**
 * Decodes the textures of parts, each once, for drawing them.
 *
 * @param maxSide a larger texture is made smaller, in pixels
 * @param style what is drawn `flat` needs its base color only
 */
export function createSurfaces(codec: ImageCodec, maxSide: number, style: Style) {
  const decoded = new Map<Texture, Mips | undefined>();
  const surfaces = new Map<Material, Surface>();

  function mipsOf(texture: Texture | null): Mips | undefined {
    if (!texture) return undefined;
    if (!decoded.has(texture)) decoded.set(texture, decodeMips(texture));
    return decoded.get(texture);
  }

  /** A texture that cannot be decoded is left out, and nothing else. */
  function decodeMips(texture: Texture): Mips | undefined {
    try {
      return toMips(codec.decode(texture.getImage() ?? new Uint8Array(), maxSide));
    } catch {
      return undefined;
    }
  }

  function surfaceOf(material: Material): Surface {
    const emission = material.getEmissiveFactor();
    const strength = material.getExtension<EmissiveStrength>('KHR_materials_emissive_strength')?.getEmissiveStrength();
    const lit = (texture: Texture | null) => (style === 'lit' ? mipsOf(texture) : undefined);
    const isUnlit = material.getExtension<Unlit>('KHR_materials_unlit') !== null;
    return {
      color: material.getBaseColorFactor(),
      colorMips: mipsOf(material.getBaseColorTexture()),
      emission: emission.map((part) => part * (strength ?? 1)) as unknown as Surface['emission'],
      emissionMips: lit(material.getEmissiveTexture()),
      metallic: isUnlit ? 0 : material.getMetallicFactor(),
      roughness: isUnlit ? 1 : material.getRoughnessFactor(),
      metalRoughMips: lit(material.getMetallicRoughnessTexture()),
      normalMips: lit(material.getNormalTexture()),
      alphaMode: material.getAlphaMode(),
      alphaCutoff: material.getAlphaCutoff(),
      isDoubleSided: material.getDoubleSided(),
    };
  }

  return (parts: readonly Part[]): DrawnPart[] =>
    parts.map(({ material, ...part }) => {
      const surface = material ? (surfaces.get(material) ?? surfaceOf(material)) : PLAIN;
      if (material) surfaces.set(material, surface);
      return { ...part, surface };
    });
}
