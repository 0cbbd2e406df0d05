import { type Document, type GLTF, type JSONDocument, Logger, Primitive } from '@gltf-transform/core';
import {
  compactPrimitive,
  convertPrimitiveToTriangles,
  dequantize,
  prune,
  uninstance,
} from '@gltf-transform/functions';
import * as z from 'zod';
import { MAX_TRIANGLES } from './bounds.ts';
import { cleanGeometry } from './clean-geometry.ts';
import { createGltfIO, type LoadDraco } from './gltf-io.ts';
import { countTriangles, shownScene } from './scene.ts';
import { ModelUnreadableError } from './unreadable.ts';

/** What the arrays of a file may take once they are read. A count of a compressed or sparse array costs a file nothing. */
const MAX_ARRAY_BYTES = 1_200_000_000;
const MAX_JSON_BYTES = 32_000_000;
const MAX_OBJECTS = 100_000;
const DRACO = 'KHR_draco_mesh_compression';

/**
 * Reads a GLB of any origin, and makes it simple: one scene, no instances, triangles of plain numbers.
 *
 * @throws ModelUnreadableError
 */
export async function readModel(glb: Uint8Array, loadDraco: LoadDraco): Promise<Document> {
  const file = splitGlb(glb);
  checkBounds(file.json);
  const needsDraco = file.json.extensionsUsed?.includes(DRACO) === true;
  const io = await createGltfIO(needsDraco ? await loadDraco() : undefined);
  const document = await io.readJSON(file).catch((error: unknown) => {
    throw new ModelUnreadableError(error instanceof Error ? error.message : String(error), { cause: error });
  });
  await simplifyStructure(document);
  return document;
}

const MAGIC = 0x46546c67;
const JSON_CHUNK = 0x4e4f534a;
const HEADER_BYTES = 20;

/** Splits a GLB into its JSON and its bytes. What is outside of the file stays empty. */
function splitGlb(glb: Uint8Array): JSONDocument {
  const view = Buffer.from(glb.buffer, glb.byteOffset, glb.byteLength);
  if (view.length < HEADER_BYTES || view.readUInt32LE(0) !== MAGIC || view.readUInt32LE(16) !== JSON_CHUNK)
    throw new ModelUnreadableError('it is not a GLB file');
  const jsonBytes = view.readUInt32LE(12);
  if (jsonBytes > MAX_JSON_BYTES) throw new ModelUnreadableError('its JSON is too large');
  const end = HEADER_BYTES + jsonBytes;
  const json = parseGltf(view.subarray(HEADER_BYTES, end).toString());
  const resources: Record<string, Uint8Array<ArrayBuffer>> = {};
  for (const { uri } of json.images ?? [])
    if (uri !== undefined && !uri.startsWith('data:')) resources[uri] = new Uint8Array();
  if (json.buffers?.some(({ uri }) => uri !== undefined && !uri.startsWith('data:')))
    throw new ModelUnreadableError('it needs files outside of the GLB');
  const bin = view.length >= end + 8 ? view.subarray(end + 8, end + 8 + view.readUInt32LE(end)) : undefined;
  if (bin) resources['@glb.bin'] = new Uint8Array(bin.buffer as ArrayBuffer, bin.byteOffset, bin.byteLength);
  return { json, resources };
}

const named = z.looseObject({ uri: z.string().optional() });
const gltf = z.looseObject({
  asset: z.looseObject({ version: z.string() }),
  extensionsUsed: z.array(z.string()).optional(),
  images: z.array(named).optional(),
  buffers: z.array(named).optional(),
  accessors: z.array(z.looseObject({ count: z.int().nonnegative(), type: z.string() })).optional(),
});

function parseGltf(text: string): GLTF.IGLTF {
  try {
    const json: unknown = JSON.parse(text);
    gltf.parse(json);
    return json as GLTF.IGLTF;
  } catch (error) {
    throw new ModelUnreadableError('its JSON is not glTF', { cause: error });
  }
}

const ELEMENT_BYTES: Readonly<Record<string, number>> = { SCALAR: 4, VEC2: 8, VEC3: 12, VEC4: 16, MAT4: 64 };

/** Refuses what would fill the memory, before any of it is taken. */
function checkBounds(json: GLTF.IGLTF): void {
  const bytes = (json.accessors ?? []).reduce((sum, { count, type }) => sum + count * (ELEMENT_BYTES[type] ?? 64), 0);
  if (bytes > MAX_ARRAY_BYTES) throw new ModelUnreadableError('its arrays are too large');
  const objects = [json.nodes, json.meshes, json.accessors, json.materials, json.images, json.animations];
  const many = objects.find((list) => Array.isArray(list) && list.length > MAX_OBJECTS);
  if (many) throw new ModelUnreadableError(`it has more than ${MAX_OBJECTS.toLocaleString('en')} objects of one kind`);
}

/** What is plain once it is read. Renditions choose their own. */
const UNDONE: readonly string[] = [
  DRACO,
  'EXT_meshopt_compression',
  'KHR_mesh_quantization',
  'EXT_mesh_gpu_instancing',
  'EXT_texture_webp',
  'EXT_texture_avif',
  'KHR_texture_basisu',
];

async function simplifyStructure(document: Document): Promise<void> {
  document.setLogger(new Logger(Logger.Verbosity.SILENT));
  const root = document.getRoot();
  const scene = shownScene(document);
  if (!scene) throw new ModelUnreadableError('it has no scene');
  for (const other of root.listScenes()) if (other !== scene) other.dispose();
  root.setDefaultScene(scene);
  refuseTooMany(document);
  await document.transform(
    prune({ keepLeaves: true, keepAttributes: true, keepExtras: true, keepSolidTextures: true }),
    dequantize(),
  );
  for (const primitive of root.listMeshes().flatMap((mesh) => mesh.listPrimitives())) {
    const { TRIANGLE_STRIP, TRIANGLE_FAN } = Primitive.Mode;
    const mode = primitive.getMode();
    if (mode === TRIANGLE_STRIP || mode === TRIANGLE_FAN) convertPrimitiveToTriangles(primitive);
    cleanGeometry(primitive);
    if (primitive.getIndices()) compactPrimitive(primitive);
  }
  await document.transform(uninstance());
  for (const extension of root.listExtensionsUsed()) if (UNDONE.includes(extension.extensionName)) extension.dispose();
  // Instances are nodes now.
  refuseTooMany(document);
  if (countTriangles(document) === 0) throw new ModelUnreadableError('it draws no triangles');
}

/** More don't fit in the memory. Up to here, a model that is too large to make smaller still gets its pictures. */
const MAX_DRAWN_TRIANGLES = 4 * MAX_TRIANGLES;

function refuseTooMany(document: Document): void {
  const triangles = countTriangles(document);
  if (triangles <= MAX_DRAWN_TRIANGLES) return;
  const [drawn, limit] = [triangles.toLocaleString('en'), MAX_DRAWN_TRIANGLES.toLocaleString('en')];
  throw new ModelUnreadableError(`it draws ${drawn} triangles, and at most ${limit} can be read`);
}
