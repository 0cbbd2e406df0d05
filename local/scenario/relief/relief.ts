import { encoded, resized } from '../files/image-codec.ts';
import { fbxOf } from './fbx.ts';
import type { Field } from './field.ts';
import { detailOf, inflated } from './inflation.ts';
import { type Picture, pictureOf } from './picture.ts';
import { glbOf } from './relief-glb.ts';
import { type Mesh, meshOf } from './relief-mesh.ts';
import { previewOf } from './relief-preview.ts';
import { bledOver, coreOf, silhouetteOf } from './silhouette.ts';

/** The inputs of the model that affect the relief. */
export interface ReliefParameters {
  readonly textured: boolean;
  readonly faceLimit?: number;
  readonly detailed: boolean;
  readonly lowPoly: boolean;
  readonly parts: boolean;
  readonly quad: boolean;
  readonly autoSize: boolean;
  readonly seed: number;
}

/** The files of one generation, and what the API reports about the model. */
export interface ReliefFiles {
  readonly model: Uint8Array;
  readonly format: 'glb' | 'fbx';
  /** WebP, 512 px square. */
  readonly preview: Uint8Array;
  /** JPEG, 256 px square. */
  readonly thumbnail: Uint8Array;
  readonly faceCount: number;
  readonly vertexCount: number;
  readonly dimensions: readonly [number, number, number];
}

/**
 * The size, in pixels, at which silhouette and heights are computed. A larger size takes more time and doesn't improve
 * the model.
 */
const WORK_SIDE = 256;
/** Turns an extreme image, such as 8000 × 1 px, into a visible rod. */
const MAX_ASPECT = 16;
/** The size, in meters, of the longest side: that of an object on a table. */
const REAL_SIZE = 0.5;
/** More triangles don't improve the relief of a 256 px silhouette. */
const MOST_TRIANGLES = 120_000;

/**
 * Creates an inflated object in the shape of the image. The result depends only on the image, the parameters, and the
 * seed.
 */
export async function reliefOf(image: Uint8Array, parameters: ReliefParameters): Promise<ReliefFiles> {
  const picture = await pictureOf(image);
  const aspect = Math.max(1 / MAX_ASPECT, Math.min(MAX_ASPECT, picture.width / picture.height));
  const width = Math.round(WORK_SIDE * Math.min(1, aspect));
  const height = Math.round(WORK_SIDE * Math.min(1, 1 / aspect));
  const small = await resized(picture, width, height);
  const cover = silhouetteOf(small);
  const core = coreOf(cover);
  const skin = bledOver(small, core);
  const mesh = sized(meshOf(heightsOf(skin, cover, parameters.seed), triangles(parameters)), parameters);
  const surface = parameters.textured ? await textureOf(picture, core, skin) : undefined;
  const texture = surface && (await encoded(surface, { format: 'jpeg', quality: 86 }));
  const model = parameters.quad
    ? fbxOf(mesh)
    : await glbOf(mesh, { ...(texture && { texture }), parts: parameters.parts ? 3 : 1 });
  return {
    model,
    format: parameters.quad ? 'fbx' : 'glb',
    ...(await picturesOf(previewOf(mesh, surface, PREVIEW_SIDE))),
    faceCount: mesh.indices.length / 3,
    vertexCount: mesh.positions.length / 3,
    dimensions: dimensionsOf(mesh),
  };
}

const PREVIEW_SIDE = 512;

function triangles({ faceLimit, detailed, lowPoly }: ReliefParameters): number {
  const adaptive = lowPoly ? 3_000 : detailed ? 40_000 : 20_000;
  return Math.min(faceLimit ?? adaptive, MOST_TRIANGLES);
}

/**
 * Computes the heights. The front has the relief of the image, and the back is smooth and slightly flatter. The seed
 * adds faint dents to both.
 */
function heightsOf(skin: Picture, cover: Field, seed: number) {
  const body = inflated(cover);
  const detail = detailOf(skin);
  const dents = dentsIn(body, seed);
  const shape = (flatness: number, relief: number) => ({
    ...body,
    values: body.values.map((height, i) => {
      const carved = relief * (detail.values[i] ?? 0) + 1.2 * (dents[i] ?? 0);
      // Fade the details toward the rim, where the object has no depth for them.
      return flatness * height + carved * Math.min(1, height / 14);
    }),
  });
  return { cover, front: shape(1, 9), back: shape(0.7, 0) };
}

/** Returns slow waves from −1 to 1. The seed determines their directions and phases. */
function dentsIn({ width, values }: Field, seed: number): Float32Array {
  const turn = (seed % 9973) * 2.399963;
  const [ax, ay] = [0.11 * Math.cos(turn), 0.11 * Math.sin(turn)];
  const [bx, by] = [0.07 * Math.sin(turn * 1.7), -0.07 * Math.cos(turn * 1.7)];
  return values.map((_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return (Math.sin(x * ax + y * ay + turn) + Math.sin(x * bx + y * by + turn * 3)) / 2;
  });
}

function sized(mesh: Mesh, { autoSize }: ReliefParameters): Mesh {
  return autoSize ? { ...mesh, positions: mesh.positions.map((value) => value * REAL_SIZE) } : mesh;
}

/** Draws the image at full size over the bled one, so that the rim has the color of the object. */
async function textureOf(picture: Picture, core: Field, skin: Picture): Promise<Picture> {
  const { width, height } = picture;
  const mask = new Uint8Array(4 * core.values.length);
  for (let at = 0; at < mask.length; at++) mask[at] = at % 4 === 3 ? 255 : (core.values[at >> 2] ?? 0) * 255;
  const stretched = await resized({ width: core.width, height: core.height, rgba: mask }, width, height);
  const under = await resized(skin, width, height);
  const rgba = under.rgba;
  for (let i = 0; i < width * height; i++) {
    const share = (stretched.rgba[4 * i] ?? 0) / 255;
    if (share === 0) continue;
    for (let at = i * 4; at < i * 4 + 3; at++) {
      rgba[at] = (picture.rgba[at] ?? 0) * share + (rgba[at] ?? 0) * (1 - share);
    }
  }
  return { width, height, rgba };
}

async function picturesOf(rendering: Picture) {
  const [preview, thumbnail] = await Promise.all([
    encoded(rendering, { format: 'webp', quality: 88 }),
    encoded(rendering, { format: 'jpeg', quality: 82, side: 256 }),
  ]);
  return { preview, thumbnail };
}

function dimensionsOf({ positions }: Mesh): [number, number, number] {
  const extent = (axis: number) => {
    let low = Infinity;
    let high = -Infinity;
    for (let i = axis; i < positions.length; i += 3) {
      low = Math.min(low, positions[i] ?? 0);
      high = Math.max(high, positions[i] ?? 0);
    }
    return Number((high - low).toFixed(4));
  };
  return [extent(0), extent(1), extent(2)];
}
