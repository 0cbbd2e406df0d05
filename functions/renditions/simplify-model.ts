import type { Document, Transform } from '@gltf-transform/core';
import { cloneDocument, dedup, prune, simplify, weld } from '@gltf-transform/functions';
import { MeshoptSimplifier } from 'meshoptimizer';
import { countTriangles } from './scene.ts';

/** How far a surface may move, as a share of its size. A larger step is taken only if the last one was not enough. */
const ERRORS = [0.001, 0.01, 0.05, 1] as const;

/** Removes what no viewer needs. Nodes without a mesh and fields of other programs stay. */
export function removeUnused(): Transform {
  return prune({ keepAttributes: false, keepLeaves: true, keepExtras: true, keepSolidTextures: true });
}

/** Copies a model with at most about so many triangles, and without what no viewer needs. */
export async function simplifyModel(model: Document, maxTriangles: number): Promise<Document> {
  const copy = cloneDocument(model);
  copy.setLogger(model.getLogger());
  await MeshoptSimplifier.ready;
  await copy.transform(dedup({ keepUniqueNames: true }), weld(), removeUnused());
  await reduce(copy, maxTriangles);
  // In a file with flat faces, no face shares a vertex with another. Without normals they do, and stay as flat.
  if (countTriangles(copy) > maxTriangles) {
    for (const primitive of copy
      .getRoot()
      .listMeshes()
      .flatMap((mesh) => mesh.listPrimitives()))
      for (const part of [primitive, ...primitive.listTargets()]) part.setAttribute('NORMAL', null);
    await copy.transform(weld());
    await reduce(copy, maxTriangles);
  }
  return copy;
}

async function reduce(model: Document, maxTriangles: number): Promise<void> {
  for (const error of ERRORS) {
    const triangles = countTriangles(model);
    if (triangles <= maxTriangles) return;
    await model.transform(simplify({ simplifier: MeshoptSimplifier, ratio: maxTriangles / triangles, error }));
  }
}
