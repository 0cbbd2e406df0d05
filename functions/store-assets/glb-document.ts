import { imageSize } from 'image-size';
import * as z from 'zod';
import type { ModelFacts } from '../shared/asset.ts';
import { boundingBoxOf } from './glb-bounds.ts';

const index = z.number().int().nonnegative().optional().catch(undefined);
const numbers = z.array(z.number()).optional().catch(undefined);
const word = z.string().optional().catch(undefined);

/** What can not be read counts as empty: a model is not lost for an odd detail. The validator says what is wrong. */
function listOf<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.array(z.object(shape).optional().catch(undefined)).catch([]).default([]);
}

const documentSchema = z.object({
  asset: z.object({ generator: word }).catch({}).default({}),
  scene: index,
  scenes: listOf({ nodes: z.array(z.number()).catch([]).default([]) }),
  nodes: listOf({
    mesh: index,
    children: z.array(z.number()).catch([]).default([]),
    matrix: numbers,
    translation: numbers,
    rotation: numbers,
    scale: numbers,
  }),
  meshes: listOf({
    primitives: listOf({
      mode: index,
      indices: index,
      attributes: z.object({ POSITION: index }).catch({}).default({}),
    }),
  }),
  accessors: listOf({
    count: index,
    componentType: index,
    normalized: z.boolean().optional().catch(undefined),
    min: numbers,
    max: numbers,
  }),
  materials: z.array(z.unknown()).catch([]).default([]),
  images: listOf({ bufferView: index, mimeType: word }),
  bufferViews: listOf({ byteOffset: index, byteLength: index }),
});

/** A glTF document, as far as facts are made of it. */
export type GlbDocument = z.infer<typeof documentSchema>;

export interface GlbParts {
  readonly document: GlbDocument;
  /** The beginnings of the images, in their order. */
  readonly imageHeads: readonly Uint8Array[];
}

/** Undefined when it is no JSON object. */
export function glbDocumentIn(json: unknown): GlbDocument | undefined {
  return documentSchema.safeParse(json).data;
}

const MOST_TEXTURES = 100;
/** A JPEG says its size behind its metadata, mostly within this. */
const IMAGE_HEAD_BYTES = 16 * 1024;
const LONGEST_WORD = 200;

/** Where in the binary chunk the images begin, and how much of each is worth keeping. */
export function imagePlaces({ images, bufferViews }: GlbDocument) {
  return images.slice(0, MOST_TEXTURES).map((image) => {
    const { byteOffset: offset = 0, byteLength: bytes = 0 } = bufferViews[image?.bufferView ?? -1] ?? {};
    return { offset, length: Math.min(bytes, IMAGE_HEAD_BYTES) };
  });
}

const TRIANGLES = 4;
const TRIANGLE_STRIP = 5;
const TRIANGLE_FAN = 6;

/** Every mesh counted once, however often it is shown. */
export function factsOf({ document, imageHeads }: GlbParts): ModelFacts {
  const { asset, meshes, accessors, materials } = document;
  const countOf = (accessor: number | undefined) => accessors[accessor ?? -1]?.count ?? 0;
  let [triangles, vertices] = [0, 0];
  const primitives = meshes.flatMap((mesh) => mesh?.primitives ?? []).filter((one) => one !== undefined);
  for (const { mode = TRIANGLES, indices, attributes } of primitives) {
    vertices += countOf(attributes.POSITION);
    const corners = countOf(indices ?? attributes.POSITION);
    if (mode === TRIANGLES) triangles += Math.floor(corners / 3);
    if (mode === TRIANGLE_STRIP || mode === TRIANGLE_FAN) triangles += Math.max(0, corners - 2);
  }
  return {
    generator: asset.generator?.slice(0, LONGEST_WORD),
    triangles: Math.min(triangles, Number.MAX_SAFE_INTEGER),
    vertices: Math.min(vertices, Number.MAX_SAFE_INTEGER),
    materials: materials.length,
    textures: imageHeads.map((head, n) => textureOf(document, n, head)),
    boundingBox: boundingBoxOf(document),
  };
}

function textureOf({ images, bufferViews }: GlbDocument, n: number, head: Uint8Array) {
  const { mimeType, bufferView } = images[n] ?? {};
  const bytes = bufferViews[bufferView ?? -1]?.byteLength;
  return { contentType: mimeType?.slice(0, LONGEST_WORD), bytes, ...sizeIn(head) };
}

function sizeIn(head: Uint8Array): { width?: number; height?: number } {
  try {
    const { width, height } = imageSize(head);
    return [width, height].every((pixels) => Number.isSafeInteger(pixels) && pixels >= 0)
      ? { width, height }
      : {};
  } catch {
    return {};
  }
}
