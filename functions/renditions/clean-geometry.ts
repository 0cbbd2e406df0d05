import type { Accessor, Primitive, PrimitiveTarget } from '@gltf-transform/core';

/** Repairs what a strict viewer would refuse: numbers that are none, normals without a direction, missing vertices. */
export function cleanGeometry(primitive: Primitive): void {
  // A viewer computes tangents itself, and simplifying would spoil them.
  for (const semantic of primitive.listSemantics()) {
    if (semantic === 'TANGENT' || semantic.startsWith('_')) primitive.setAttribute(semantic, null);
    else cleanAttribute(semantic, primitive.getAttribute(semantic));
  }
  for (const target of primitive.listTargets()) cleanTarget(target);
  cleanIndices(primitive);
}

function cleanTarget(target: PrimitiveTarget): void {
  for (const semantic of target.listSemantics()) {
    const accessor = target.getAttribute(semantic);
    if (semantic === 'TANGENT' || !accessor) target.setAttribute(semantic, null);
    else replaceNonFinite(accessor);
  }
}

function cleanAttribute(semantic: string, accessor: Accessor | null): void {
  if (!accessor) return;
  replaceNonFinite(accessor);
  if (semantic === 'NORMAL') normalizeVectors(accessor);
  if (semantic.startsWith('WEIGHTS_')) normalizeWeights(accessor);
  if (semantic.startsWith('COLOR_')) mapNumbers(accessor, (value) => Math.min(1, Math.max(0, value)));
}

function replaceNonFinite(accessor: Accessor): void {
  mapNumbers(accessor, (value) => (Number.isFinite(value) ? value : 0));
}

function mapNumbers(accessor: Accessor, change: (value: number) => number): void {
  const array = accessor.getArray();
  if (!(array instanceof Float32Array)) return;
  for (let i = 0; i < array.length; i += 1) {
    const [value = 0] = [array[i]];
    const changed = change(value);
    if (!Object.is(changed, value)) array[i] = changed;
  }
}

function normalizeVectors(accessor: Accessor): void {
  const array = accessor.getArray();
  if (!(array instanceof Float32Array)) return;
  for (let i = 0; i + 2 < array.length; i += 3) {
    const length = Math.hypot(array[i] ?? 0, array[i + 1] ?? 0, array[i + 2] ?? 0);
    if (Math.abs(length - 1) < 1e-4) continue;
    if (length > 1e-12 && Number.isFinite(length))
      for (let n = i; n < i + 3; n += 1) array[n] = (array[n] ?? 0) / length;
    else array.set([0, 1, 0], i);
  }
}

/** The weights of a vertex add up to 1. */
function normalizeWeights(accessor: Accessor): void {
  const array = accessor.getArray();
  if (!(array instanceof Float32Array)) return;
  for (let i = 0; i + 3 < array.length; i += 4) {
    const sum = array.subarray(i, i + 4).reduce((all, weight) => all + Math.max(0, weight), 0);
    for (let n = i; n < i + 4; n += 1) array[n] = sum > 0 ? Math.max(0, array[n] ?? 0) / sum : n === i ? 1 : 0;
  }
}

/** Leaves out triangles with a vertex that does not exist. */
function cleanIndices(primitive: Primitive): void {
  const indices = primitive.getIndices();
  const array = indices?.getArray();
  const count = primitive.getAttribute('POSITION')?.getCount() ?? 0;
  if (!indices || !array || array.every((vertex) => vertex < count)) return;
  const kept: number[] = [];
  for (let i = 0; i + 2 < array.length; i += 3) {
    const triangle = [array[i] ?? 0, array[i + 1] ?? 0, array[i + 2] ?? 0];
    if (triangle.every((vertex) => vertex < count)) kept.push(...triangle);
  }
  indices.setArray(new Uint32Array(kept));
}
