import { type Accessor, Document, type Material } from '@gltf-transform/core';
import { copyToDocument } from '@gltf-transform/functions';
import { readParts } from './scene.ts';

/**
 * Builds a model again from nothing but the triangles and materials that viewers draw. It loses skins, animations, and
 * extensions, and with them whatever is wrong in a damaged file.
 */
export function rebuildModel(model: Document): Document {
  const document = new Document().setLogger(model.getLogger());
  Object.assign(document.getRoot().getAsset(), model.getRoot().getAsset());
  const buffer = document.createBuffer();
  const scene = document.createScene('model');
  document.getRoot().setDefaultScene(scene);
  const accessor = (type: 'SCALAR' | 'VEC2' | 'VEC3' | 'VEC4', array: Float32Array | Uint32Array): Accessor =>
    document
      .createAccessor()
      .setType(type)
      .setArray(array as Float32Array<ArrayBuffer>)
      .setBuffer(buffer);
  const parts = readParts(model);
  const materials = copyMaterials(
    document,
    model,
    parts.flatMap(({ material }) => material ?? []),
  );
  for (const { name, material, positions, normals, uvs, colors, indices } of parts) {
    const primitive = document
      .createPrimitive()
      .setAttribute('POSITION', accessor('VEC3', positions))
      .setIndices(accessor('SCALAR', indices))
      .setMaterial((material && materials.get(material)) ?? null);
    if (normals) primitive.setAttribute('NORMAL', accessor('VEC3', normals));
    if (uvs) primitive.setAttribute('TEXCOORD_0', accessor('VEC2', uvs));
    if (colors) primitive.setAttribute('COLOR_0', accessor('VEC4', colors));
    scene.addChild(document.createNode(name).setMesh(document.createMesh(name).addPrimitive(primitive)));
  }
  return document;
}

function copyMaterials(
  document: Document,
  model: Document,
  wanted: readonly Material[],
): ReadonlyMap<Material, Material> {
  const unique = [...new Set(wanted)];
  const copies = copyToDocument(document, model, unique);
  for (const extension of document.getRoot().listExtensionsUsed()) extension.dispose();
  const pairs = unique.map((material) => [material, copies.get(material) as Material] as const);
  for (const [, copy] of pairs)
    for (const info of [
      copy.getBaseColorTextureInfo(),
      copy.getEmissiveTextureInfo(),
      copy.getNormalTextureInfo(),
      copy.getOcclusionTextureInfo(),
      copy.getMetallicRoughnessTextureInfo(),
    ])
      info?.setTexCoord(0);
  return new Map(pairs);
}
