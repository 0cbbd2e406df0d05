import { createHash } from 'node:crypto';
import { encoded } from './image-codec.ts';
import { fbxOf } from '../relief/fbx.ts';
import type { Recipe, ResultFile, ResultRecord, TripoInputs } from '../records.ts';
import { type ReliefFiles, type ReliefParameters, reliefOf } from '../relief/relief.ts';
import { announcingMore, glbOf } from '../relief/relief-glb.ts';
import { isTextured } from '../jobs/tripo-inputs.ts';
import type { World } from '../world.ts';

/** Returns the recipe for the files of a job. Jobs with the same image and inputs share their files. */
export function recipeFor(
  image: { readonly file: string; readonly bytes: Uint8Array },
  inputs: TripoInputs,
  world: World,
): Recipe {
  const { resultModel, gltfPadBytes } = world.settings.options();
  const padBytes = inputs.quad === true ? 0 : gltfPadBytes;
  const ingredients = resultModel === 'relief' ? [sha256(image.bytes), parametersOf(inputs)] : [inputs.quad ?? false];
  return {
    resultId: sha256(JSON.stringify([resultModel, padBytes, ...ingredients])).slice(0, 40),
    imageFile: image.file,
    model: resultModel,
    padBytes,
  };
}

function sha256(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}

function parametersOf(inputs: TripoInputs): ReliefParameters {
  return {
    textured: isTextured(inputs),
    ...(inputs.faceLimit !== undefined && { faceLimit: inputs.faceLimit }),
    detailed: inputs.geometryQuality === 'detailed',
    lowPoly: inputs.smartLowPoly ?? false,
    parts: inputs.generateParts ?? false,
    quad: inputs.quad ?? false,
    autoSize: inputs.autoSize ?? false,
    seed: inputs.seed ?? 0,
  };
}

const inTheMaking = new WeakMap<World, Map<string, Promise<ResultRecord>>>();

/**
 * Returns the files of a job. Makes them at the first request, so a job whose files are never requested costs no
 * computation.
 */
export async function resultOf(recipe: Recipe, inputs: TripoInputs, world: World): Promise<ResultRecord> {
  const known = world.results.get(recipe.resultId);
  if (known !== undefined) return known;
  const making = inTheMaking.get(world) ?? new Map<string, Promise<ResultRecord>>();
  inTheMaking.set(world, making);
  const result = making.get(recipe.resultId) ?? make(recipe, inputs, world);
  making.set(recipe.resultId, result);
  try {
    return await result;
  } finally {
    making.delete(recipe.resultId);
  }
}

/** Returns the storage key of a result file. */
export function fileName(resultId: string, file: ResultFile): string {
  return `${resultId}-${file}`;
}

async function make(recipe: Recipe, inputs: TripoInputs, world: World): Promise<ResultRecord> {
  const made =
    recipe.model === 'relief'
      ? await reliefOf(await world.store.readFile(recipe.imageFile), parametersOf(inputs))
      : await triangle(inputs.quad ?? false);
  const model = recipe.padBytes > 0 ? announcingMore(made.model, recipe.padBytes) : made.model;
  for (const [file, bytes] of [
    ['model', model],
    ['preview', made.preview],
    ['thumbnail', made.thumbnail],
  ] as const) {
    await world.store.saveFile(fileName(recipe.resultId, file), bytes);
  }
  const record: ResultRecord = {
    id: recipe.resultId,
    format: made.format,
    sizes: {
      model: model.byteLength,
      preview: made.preview.byteLength,
      thumbnail: made.thumbnail.byteLength,
    },
    faceCount: made.faceCount,
    vertexCount: made.vertexCount,
    dimensions: made.dimensions,
    hasUvs: recipe.model === 'relief' && isTextured(inputs),
  };
  await world.results.put(record);
  return record;
}

const triangles = new Map<boolean, Promise<ReliefFiles>>();

/** Makes the files once for all jobs of a simulation. */
async function triangle(quad: boolean): Promise<ReliefFiles> {
  const made = triangles.get(quad) ?? makeTriangle(quad);
  triangles.set(quad, made);
  return await made;
}

/** Makes a triangle and two blank images, which are valid and fast to create. */
async function makeTriangle(quad: boolean): Promise<ReliefFiles> {
  const mesh = {
    positions: Float32Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0),
    normals: Float32Array.of(0, 0, 1, 0, 0, 1, 0, 0, 1),
    uvs: new Float32Array(6),
    indices: Uint32Array.of(0, 1, 2),
  };
  const blank = { width: 16, height: 16, rgba: new Uint8Array(4 * 16 * 16).fill(0xdd) };
  return {
    model: quad ? fbxOf(mesh) : await glbOf(mesh, { parts: 1 }),
    format: quad ? 'fbx' : 'glb',
    preview: await encoded(blank, { format: 'webp', quality: 80 }),
    thumbnail: await encoded(blank, { format: 'jpeg', quality: 80 }),
    faceCount: 1,
    vertexCount: 3,
    dimensions: [1, 1, 0],
  };
}
