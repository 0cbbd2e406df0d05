import * as z from 'zod';
import { factsSchema, type ModelFacts } from '../contract/asset.ts';
import { measureBoundingBox } from './glb-bounds.ts';

/** What the Khronos validator counts in a file. */
export const infoSchema = z.object({
  generator: z.string().optional(),
  totalTriangleCount: z.number(),
  totalVertexCount: z.number(),
  materialCount: z.number(),
  resources: z
    .array(
      z.object({
        pointer: z.string(),
        mimeType: z.string().optional(),
        image: z.object({ width: z.number(), height: z.number() }).optional(),
      }),
    )
    .default([]),
});

const imagesSchema = z.object({
  images: z.array(z.object({ bufferView: z.number().default(-1) })),
  bufferViews: z.array(z.object({ byteLength: z.number() })),
});

const MAX_TEXTURES = 100;
const MAX_WORD_LENGTH = 200;

/** Counts every mesh once, however often the scene shows it. Undefined if the counts of a broken file are not valid. */
export function toFacts(info: z.infer<typeof infoSchema>, json: unknown): ModelFacts | undefined {
  const { images = [], bufferViews = [] } = imagesSchema.safeParse(json).data ?? {};
  const textures = info.resources.filter(({ pointer }) => pointer.startsWith('/images/'));
  return factsSchema.safeParse({
    generator: info.generator?.slice(0, MAX_WORD_LENGTH),
    triangles: info.totalTriangleCount,
    vertices: info.totalVertexCount,
    materials: info.materialCount,
    textures: textures.slice(0, MAX_TEXTURES).map(({ mimeType, image }, n) => ({
      contentType: mimeType,
      bytes: bufferViews[images[n]?.bufferView ?? -1]?.byteLength,
      ...image,
    })),
    boundingBox: measureBoundingBox(json),
  }).data;
}
