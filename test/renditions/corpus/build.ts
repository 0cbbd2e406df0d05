import { type Accessor, Document, type Material, type Node, NodeIO, type Primitive } from '@gltf-transform/core';
import { ALL_EXTENSIONS } from '@gltf-transform/extensions';
import draco from 'draco3dgltf';
import { MeshoptDecoder, MeshoptEncoder } from 'meshoptimizer';
import type { Shape } from './shapes.ts';

/** A document with one scene, and short ways to fill it. */
export function createModel() {
  const document = new Document();
  const buffer = document.createBuffer();
  const scene = document.createScene('scene');
  document.getRoot().setDefaultScene(scene);

  const accessor = (
    type: 'SCALAR' | 'VEC2' | 'VEC3' | 'VEC4' | 'MAT4',
    array: Float32Array | Uint32Array | Uint16Array | Uint8Array,
  ): Accessor =>
    document
      .createAccessor()
      .setType(type)
      .setArray(array as Float32Array<ArrayBuffer>)
      .setBuffer(buffer);

  const primitive = (shape: Shape, material: Material | null, { uvs = true, normals = true } = {}): Primitive => {
    const made = document
      .createPrimitive()
      .setAttribute('POSITION', accessor('VEC3', shape.positions))
      .setIndices(accessor('SCALAR', shape.indices))
      .setMaterial(material);
    if (normals) made.setAttribute('NORMAL', accessor('VEC3', shape.normals));
    if (uvs) made.setAttribute('TEXCOORD_0', accessor('VEC2', shape.uvs));
    return made;
  };

  const node = (name: string, ...primitives: readonly Primitive[]): Node => {
    const mesh = document.createMesh(name);
    for (const one of primitives) mesh.addPrimitive(one);
    const made = document.createNode(name).setMesh(mesh);
    scene.addChild(made);
    return made;
  };

  const texture = (name: string, file: Uint8Array<ArrayBuffer>, mimeType = 'image/jpeg') =>
    document.createTexture(name).setImage(file).setMimeType(mimeType);

  return { document, buffer, scene, accessor, primitive, node, texture };
}

export type Model = ReturnType<typeof createModel>;

/** Writes a document as a GLB, with every extension there is. */
export async function toGlb(document: Document): Promise<Uint8Array<ArrayBuffer>> {
  await Promise.all([MeshoptDecoder.ready, MeshoptEncoder.ready]);
  const io = new NodeIO().registerExtensions(ALL_EXTENSIONS).registerDependencies({
    'meshopt.decoder': MeshoptDecoder,
    'meshopt.encoder': MeshoptEncoder,
    'draco3d.encoder': await draco.createEncoderModule(),
  });
  return new Uint8Array(await io.writeBinary(document));
}

/** Changes the JSON of a GLB, for files that no library would write. */
export function editJson(glb: Uint8Array, edit: (json: Record<string, unknown[]>) => void): Uint8Array<ArrayBuffer> {
  const view = Buffer.from(glb.buffer, glb.byteOffset, glb.byteLength);
  const length = view.readUInt32LE(12);
  const json = JSON.parse(view.subarray(20, 20 + length).toString()) as Record<string, unknown[]>;
  edit(json);
  const text = Buffer.from(JSON.stringify(json));
  const padded = Buffer.concat([text, Buffer.alloc((4 - (text.length % 4)) % 4, 0x20)]);
  const head = Buffer.alloc(20);
  const rest = view.subarray(20 + length);
  head.writeUInt32LE(0x46546c67, 0);
  head.writeUInt32LE(2, 4);
  head.writeUInt32LE(20 + padded.length + rest.length, 8);
  head.writeUInt32LE(padded.length, 12);
  head.writeUInt32LE(0x4e4f534a, 16);
  return new Uint8Array(Buffer.concat([head, padded, rest]));
}
