import { type Accessor, type Document, type Material, type Node, Primitive, type Scene } from '@gltf-transform/core';
import type { Transform } from '@gltf-transform/extensions';

/** Triangles of one material, in the space of the scene. Every attribute has one entry for each vertex. */
export interface Part {
  readonly name: string;
  readonly material: Material | null;
  /** x, y, z */
  readonly positions: Float32Array;
  /** x, y, z, of length 1. Undefined if the file has none: then faces are flat. */
  readonly normals: Float32Array | undefined;
  /** u, v of the base color, with the origin at the top left. */
  readonly uvs: Float32Array | undefined;
  /** Linear r, g, b, a. */
  readonly colors: Float32Array | undefined;
  /** Three for each triangle, counter-clockwise seen from the front. */
  readonly indices: Uint32Array;
}

type Point = readonly [x: number, y: number, z: number];

/** In the unit of the scene. */
export interface Box {
  readonly min: Point;
  readonly max: Point;
}

/** What viewers show: the default scene, or the first one. */
export function shownScene(document: Document): Scene | undefined {
  const root = document.getRoot();
  return root.getDefaultScene() ?? root.listScenes()[0];
}

/** Lists every node that viewers show, once. */
function shownNodes(document: Document): Node[] {
  const nodes = new Set<Node>();
  shownScene(document)?.traverse((node) => nodes.add(node));
  return [...nodes];
}

/** Counts the triangles that viewers draw. A mesh counts once for each node that has it. */
export function countTriangles(document: Document): number {
  const drawn = shownNodes(document).flatMap((node) => node.getMesh()?.listPrimitives() ?? []);
  return drawn.reduce((sum, primitive) => sum + trianglesOf(primitive), 0);
}

function trianglesOf(primitive: Primitive): number {
  if (primitive.getMode() !== Primitive.Mode.TRIANGLES) return 0;
  const vertices = primitive.getIndices() ?? primitive.getAttribute('POSITION');
  return Math.floor((vertices?.getCount() ?? 0) / 3);
}

/** Reads the triangles that viewers draw, in the pose of the file: with its skins and morph targets, not animated. */
export function readParts(document: Document): Part[] {
  return shownNodes(document).flatMap((node) => {
    const mesh = node.getMesh();
    if (!mesh) return [];
    const weights = node.getWeights().length > 0 ? node.getWeights() : mesh.getWeights();
    const pose = { matrix: node.getWorldMatrix(), joints: jointMatrices(node), weights };
    return mesh.listPrimitives().flatMap((primitive) => {
      const name = node.getName() || mesh.getName() || 'part';
      return trianglesOf(primitive) > 0 ? [readPart(name, primitive, pose)] : [];
    });
  });
}

/** The box around all parts. Undefined if there is no finite point. */
export function boxAround(parts: readonly Part[]): Box | undefined {
  const min: [number, number, number] = [Infinity, Infinity, Infinity];
  const max: [number, number, number] = [-Infinity, -Infinity, -Infinity];
  for (const { positions, indices } of parts)
    for (const vertex of indices)
      for (let axis = 0; axis < 3; axis += 1) {
        const value = positions[vertex * 3 + axis] ?? 0;
        if (value < (min[axis] ?? 0)) min[axis] = value;
        if (value > (max[axis] ?? 0)) max[axis] = value;
      }
  return [...min, ...max].every(Number.isFinite) ? { min, max } : undefined;
}

/** Column by column, as glTF has it. */
type Matrix = ArrayLike<number>;

interface Pose {
  readonly matrix: Matrix;
  readonly joints: readonly Matrix[] | undefined;
  readonly weights: readonly number[];
}

function readPart(name: string, primitive: Primitive, { matrix, joints, weights }: Pose): Part {
  const material = primitive.getMaterial();
  const positions = morph(primitive, 'POSITION', weights) ?? new Float32Array();
  const normals = morph(primitive, 'NORMAL', weights);
  const indices = readIndices(primitive, positions.length / 3);
  const skin = joints && readSkin(primitive, joints);
  const upright = cofactors(matrix);
  for (let at = 0; at < positions.length; at += 3) {
    const placed = skin?.(at / 3) ?? matrix;
    move(positions, at, placed);
    if (normals) turn(normals, at, skin ? cofactors(placed) : upright);
  }
  // A mirrored node turns its triangles inside out.
  if (!skin && determinant(matrix) < 0)
    for (let i = 0; i < indices.length; i += 3) indices.set([indices[i + 1] ?? 0, indices[i] ?? 0], i);
  return { name, material, positions, normals, indices, uvs: readUvs(primitive), colors: readColors(primitive) };
}

/** Leaves out triangles with a vertex that does not exist. */
function readIndices(primitive: Primitive, vertices: number): Uint32Array {
  const given = primitive.getIndices()?.getArray();
  const indices = new Uint32Array(trianglesOf(primitive) * 3);
  let kept = 0;
  for (let i = 0; i < indices.length; i += 3) {
    const a = given ? (given[i] ?? 0) : i;
    const b = given ? (given[i + 1] ?? 0) : i + 1;
    const c = given ? (given[i + 2] ?? 0) : i + 2;
    if (a >= vertices || b >= vertices || c >= vertices) continue;
    indices[kept] = a;
    indices[kept + 1] = b;
    indices[kept + 2] = c;
    kept += 3;
  }
  return indices.subarray(0, kept);
}

/** Reads an attribute as numbers, also if it is stored as normalized integers. */
function readFloats(accessor: Accessor, size: number): Float32Array {
  const array = accessor.getArray();
  const isPlain = array instanceof Float32Array && accessor.getElementSize() === size;
  if (isPlain) return new Float32Array(array);
  const floats = new Float32Array(accessor.getCount() * size).fill(1);
  const element: number[] = [];
  for (let i = 0; i < accessor.getCount(); i += 1) floats.set(accessor.getElement(i, element).slice(0, size), i * size);
  return floats;
}

function morph(primitive: Primitive, semantic: string, weights: readonly number[]): Float32Array | undefined {
  const base = primitive.getAttribute(semantic);
  if (!base) return undefined;
  const sum = readFloats(base, 3);
  for (const [index, target] of primitive.listTargets().entries()) {
    const weight = weights[index] ?? 0;
    const offsets = weight === 0 ? null : target.getAttribute(semantic);
    if (!offsets) continue;
    readFloats(offsets, 3).forEach((offset, i) => {
      sum[i] = (sum[i] ?? 0) + weight * offset;
    });
  }
  return sum;
}

function readUvs(primitive: Primitive): Float32Array | undefined {
  const material = primitive.getMaterial();
  const info = material?.getBaseColorTextureInfo() ?? null;
  const accessor = primitive.getAttribute(`TEXCOORD_${info?.getTexCoord() ?? 0}`);
  if (!accessor) return undefined;
  const uvs = readFloats(accessor, 2);
  const transform = info?.getExtension<Transform>('KHR_texture_transform');
  if (!transform) return uvs;
  const [[offsetU, offsetV], [scaleU, scaleV]] = [transform.getOffset(), transform.getScale()];
  const [sin, cos] = [Math.sin(transform.getRotation()), Math.cos(transform.getRotation())];
  for (let i = 0; i < uvs.length; i += 2) {
    const [u, v] = [(uvs[i] ?? 0) * scaleU, (uvs[i + 1] ?? 0) * scaleV];
    uvs.set([u * cos + v * sin + offsetU, v * cos - u * sin + offsetV], i);
  }
  return uvs;
}

function readColors(primitive: Primitive): Float32Array | undefined {
  const accessor = primitive.getAttribute('COLOR_0');
  return accessor ? readFloats(accessor, 4) : undefined;
}

/** The matrices that move the vertices of a node's mesh with its joints. Undefined if it has no skin. */
function jointMatrices(node: Node): readonly Matrix[] | undefined {
  const skin = node.getSkin();
  const inverse = skin?.getInverseBindMatrices();
  return skin?.listJoints().map((joint, index) => {
    const world = joint.getWorldMatrix();
    return inverse && index < inverse.getCount() ? multiply(world, inverse.getElement(index, [])) : world;
  });
}

/** Returns the matrix of a vertex: the sum of its joints' matrices by their weights. */
function readSkin(primitive: Primitive, joints: readonly Matrix[]): ((vertex: number) => Matrix) | undefined {
  const indices = primitive.getAttribute('JOINTS_0');
  const weights = primitive.getAttribute('WEIGHTS_0');
  if (!indices || !weights) return undefined;
  const [index, weight, sum]: [number[], number[], number[]] = [[], [], []];
  return (vertex) => {
    indices.getElement(vertex, index);
    weights.getElement(vertex, weight);
    const total = weight.reduce((all, one) => all + one, 0) || 1;
    sum.fill(0, 0, 16);
    for (let joint = 0; joint < 4; joint += 1) {
      const matrix = joints[index[joint] ?? 0];
      const share = (weight[joint] ?? 0) / total;
      for (let i = 0; matrix && i < 16; i += 1) sum[i] = (joint === 0 ? 0 : (sum[i] ?? 0)) + share * (matrix[i] ?? 0);
    }
    return sum;
  };
}

function multiply(a: Matrix, b: Matrix): Matrix {
  return Array.from({ length: 16 }, (_, i) => {
    const [column, row] = [i >> 2, i & 3];
    return [0, 1, 2, 3].reduce((sum, k) => sum + (a[k * 4 + row] ?? 0) * (b[column * 4 + k] ?? 0), 0);
  });
}

function move(points: Float32Array, at: number, m: Matrix): void {
  const x = points[at] ?? 0;
  const y = points[at + 1] ?? 0;
  const z = points[at + 2] ?? 0;
  for (let axis = 0; axis < 3; axis += 1)
    points[at + axis] = (m[axis] ?? 0) * x + (m[axis + 4] ?? 0) * y + (m[axis + 8] ?? 0) * z + (m[axis + 12] ?? 0);
}

/** Turns a normal by cofactors, and makes its length 1. */
function turn(normals: Float32Array, at: number, m: Matrix): void {
  const x = normals[at] ?? 0;
  const y = normals[at + 1] ?? 0;
  const z = normals[at + 2] ?? 0;
  const nx = (m[0] ?? 0) * x + (m[1] ?? 0) * y + (m[2] ?? 0) * z;
  const ny = (m[3] ?? 0) * x + (m[4] ?? 0) * y + (m[5] ?? 0) * z;
  const nz = (m[6] ?? 0) * x + (m[7] ?? 0) * y + (m[8] ?? 0) * z;
  const length = Math.sqrt(nx * nx + ny * ny + nz * nz) || 1;
  normals[at] = nx / length;
  normals[at + 1] = ny / length;
  normals[at + 2] = nz / length;
}

/** The matrix for normals, row by row. It keeps them upright on what is stretched or mirrored. */
function cofactors(m: Matrix): Matrix {
  const e = (column: number, row: number) => m[(column % 3) * 4 + (row % 3)] ?? 0;
  const side = determinant(m) < 0 ? -1 : 1;
  return Array.from({ length: 9 }, (_, n) => {
    const [r, c] = [Math.floor(n / 3), n % 3];
    return side * (e(c + 1, r + 1) * e(c + 2, r + 2) - e(c + 1, r + 2) * e(c + 2, r + 1));
  });
}

function determinant(m: Matrix): number {
  const [a = 0, b = 0, c = 0, , d = 0, e = 0, f = 0, , g = 0, h = 0, i = 0] = Array.from(m);
  return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
}
