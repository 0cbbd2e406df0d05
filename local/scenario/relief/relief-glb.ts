import { Document, NodeIO, type Primitive } from '@gltf-transform/core';
import type { Mesh } from './relief-mesh.ts';

/** What to write in addition to the surface. */
export interface GlbParts {
  /** The JPEG texture. Without one, the material is plain. */
  readonly texture?: Uint8Array;
  /** The number of named nodes into which the surface is split, from top to bottom. */
  readonly parts: number;
}

/** Writes a binary glTF with one scene. */
export async function glbOf(mesh: Mesh, { texture, parts }: GlbParts): Promise<Uint8Array> {
  const document = new Document();
  document.getRoot().getAsset().generator = 'Scenario stand-in';
  const buffer = document.createBuffer();
  const scene = document.createScene('model');
  document.getRoot().setDefaultScene(scene);
  const material = document
    .createMaterial('surface')
    .setMetallicFactor(0)
    .setRoughnessFactor(0.75)
    .setBaseColorFactor(texture === undefined ? [0.72, 0.72, 0.74, 1] : [1, 1, 1, 1]);
  if (texture !== undefined) {
    material.setBaseColorTexture(document.createTexture('base color').setImage(texture).setMimeType('image/jpeg'));
    material.getBaseColorTextureInfo()?.setWrapS(CLAMP_TO_EDGE).setWrapT(CLAMP_TO_EDGE);
  }
  const accessor = (type: 'VEC3' | 'VEC2' | 'SCALAR', array: Float32Array | Uint32Array) =>
    document
      .createAccessor()
      .setType(type)
      .setArray(array as Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>)
      .setBuffer(buffer);
  const position = accessor('VEC3', mesh.positions);
  const normal = accessor('VEC3', mesh.normals);
  const uv = texture === undefined ? undefined : accessor('VEC2', mesh.uvs);
  const pieces = cut(mesh, parts);
  for (const [number, indices] of pieces.entries()) {
    const name = pieces.length === 1 ? 'model' : `part_${number + 1}`;
    const primitive: Primitive = document
      .createPrimitive()
      .setAttribute('POSITION', position)
      .setAttribute('NORMAL', normal)
      .setIndices(accessor('SCALAR', indices))
      .setMaterial(material);
    if (uv !== undefined) primitive.setAttribute('TEXCOORD_0', uv);
    scene.addChild(document.createNode(name).setMesh(document.createMesh(name).addPrimitive(primitive)));
  }
  return new NodeIO().writeBinary(document);
}

const CLAMP_TO_EDGE = 33071;

/** Splits the surface into bands of equal height. A band without triangles creates no part. */
function cut({ positions, indices }: Mesh, parts: number): Uint32Array[] {
  if (parts === 1) return [indices];
  let low = Infinity;
  let high = -Infinity;
  for (let i = 1; i < positions.length; i += 3) {
    low = Math.min(low, positions[i] ?? 0);
    high = Math.max(high, positions[i] ?? 0);
  }
  const bands: number[][] = Array.from({ length: parts }, () => []);
  for (let i = 0; i < indices.length; i += 3) {
    const y = positions[(indices[i] ?? 0) * 3 + 1] ?? 0;
    const band = Math.min(parts - 1, Math.floor(((high - y) / (high - low || 1)) * parts));
    bands[band]?.push(indices[i] ?? 0, indices[i + 1] ?? 0, indices[i + 2] ?? 0);
  }
  return bands.filter((band) => band.length > 0).map((band) => Uint32Array.from(band));
}

/**
 * Returns the GLB with `extra` more bytes in its announced length. The server appends these bytes. They are in the only
 * buffer, after everything that refers to it, so the file is valid without warnings. An extra chunk would cause a
 * warning.
 */
export function announcingMore(glb: Uint8Array, extra: number): Uint8Array {
  const view = new DataView(glb.buffer, glb.byteOffset, glb.byteLength);
  const jsonLength = view.getUint32(12, true);
  const bin = glb.subarray(20 + jsonLength + 8);
  const text = new TextDecoder().decode(glb.subarray(20, 20 + jsonLength));
  const json = JSON.parse(text) as { buffers: { byteLength: number }[] };
  json.buffers = [{ byteLength: bin.byteLength + extra }];
  const words = new TextEncoder().encode(JSON.stringify(json));
  const jsonRoom = Math.ceil(words.byteLength / 4) * 4;

  const out = new Uint8Array(20 + jsonRoom + 8 + bin.byteLength);
  const target = new DataView(out.buffer);
  out.set(glb.subarray(0, 12));
  target.setUint32(8, out.byteLength + extra, true);
  target.setUint32(12, jsonRoom, true);
  target.setUint32(16, 0x4e4f534a, true);
  out.fill(0x20, 20, 20 + jsonRoom).set(words, 20);
  target.setUint32(20 + jsonRoom, bin.byteLength + extra, true);
  target.setUint32(24 + jsonRoom, 0x004e4942, true);
  out.set(bin, 28 + jsonRoom);
  return out;
}
