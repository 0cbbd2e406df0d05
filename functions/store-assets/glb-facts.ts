import * as z from 'zod';
import { factsSchema, type ModelFacts } from '../contract/asset.ts';
import { boundingBoxOf } from './glb-bounds.ts';

/** What Khronos' validator counts in a file. */
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

const MOST_TEXTURES = 100;
const LONGEST_WORD = 200;

/** Every mesh counted once, however often it is shown. Undefined when the counts of a broken file are no numbers. */
export function factsOf(info: z.infer<typeof infoSchema>, json: unknown): ModelFacts | undefined {
  const { images = [], bufferViews = [] } = imagesSchema.safeParse(json).data ?? {};
  const textures = info.resources.filter(({ pointer }) => pointer.startsWith('/images/'));
  return factsSchema.safeParse({
    generator: info.generator?.slice(0, LONGEST_WORD),
    triangles: info.totalTriangleCount,
    vertices: info.totalVertexCount,
    materials: info.materialCount,
    textures: textures.slice(0, MOST_TEXTURES).map(({ mimeType, image }, n) => ({
      contentType: mimeType,
      bytes: bufferViews[images[n]?.bufferView ?? -1]?.byteLength,
      ...image,
    })),
    boundingBox: boundingBoxOf(json),
  }).data;
}
