import type { ModelFacts } from '../shared/asset.ts';
import type { GlbDocument } from './glb-document.ts';

type Point = [x: number, y: number, z: number];
type Node = NonNullable<GlbDocument['nodes'][number]>;

/** 4 × 4, column by column, as glTF writes it. */
type Matrix = readonly number[];

const IDENTITY: Matrix = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

/** A mesh may be shown by every node, so a small file can ask for a billion corners. */
const MOST_PRIMITIVES = 100_000;

/** The box around everything that the scene shows, in metres. Undefined when it shows nothing, or nothing that can be measured. */
export function boundingBoxOf(document: GlbDocument): ModelFacts['boundingBox'] {
  const { nodes, meshes, scenes, scene = 0 } = document;
  const min: Point = [Infinity, Infinity, Infinity];
  const max: Point = [-Infinity, -Infinity, -Infinity];
  const waiting = (scenes[scene]?.nodes ?? []).map((node) => ({ node, above: IDENTITY }));
  // A node has one parent, so whoever comes back to one has met a circle.
  const seen = new Set<number>();
  let primitives = 0;
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const node = nodes[next.node];
    if (!node || seen.has(next.node)) continue;
    seen.add(next.node);
    const place = product(next.above, matrixOf(node));
    for (const child of node.children) waiting.push({ node: child, above: place });
    const shown = meshes[node.mesh ?? -1]?.primitives ?? [];
    primitives += shown.length;
    if (primitives > MOST_PRIMITIVES) return undefined;
    for (const primitive of shown)
      for (const corner of cornersOf(document, primitive?.attributes.POSITION)) {
        const point = moved(corner, place);
        for (const axis of [0, 1, 2] as const) {
          min[axis] = Math.min(min[axis], point[axis]);
          max[axis] = Math.max(max[axis], point[axis]);
        }
      }
  }
  return [...min, ...max].every(Number.isFinite) ? { min, max } : undefined;
}

/** The largest value of each component type that stands for 1 when normalized. */
const WHOLE: Readonly<Record<number, number>> = { 5120: 127, 5121: 255, 5122: 32_767, 5123: 65_535 };

function cornersOf({ accessors }: GlbDocument, accessor: number | undefined): readonly Point[] {
  const { min, max, normalized, componentType = 0 } = accessors[accessor ?? -1] ?? {};
  if (min?.length !== 3 || max?.length !== 3) return [];
  const whole = (normalized && WHOLE[componentType]) || 1;
  const [low, high] = [min, max].map((corner) => corner.map((value) => value / whole));
  return [0, 1, 2, 3, 4, 5, 6, 7].map((n) => {
    const pick = (axis: number) => ((n >> axis) & 1 ? high : low)?.[axis] ?? 0;
    return [pick(0), pick(1), pick(2)];
  });
}

function matrixOf({ matrix, translation, rotation, scale }: Node): Matrix {
  if (matrix?.length === 16) return matrix;
  const [x = 0, y = 0, z = 0, w = 1] = rotation ?? [];
  const [sx = 1, sy = 1, sz = 1] = scale ?? [];
  const [tx = 0, ty = 0, tz = 0] = translation ?? [];
  return [
    ...[1 - 2 * (y * y + z * z), 2 * (x * y + z * w), 2 * (x * z - y * w)].map((value) => value * sx),
    0,
    ...[2 * (x * y - z * w), 1 - 2 * (x * x + z * z), 2 * (y * z + x * w)].map((value) => value * sy),
    0,
    ...[2 * (x * z + y * w), 2 * (y * z - x * w), 1 - 2 * (x * x + y * y)].map((value) => value * sz),
    0,
    tx,
    ty,
    tz,
    1,
  ];
}

function product(a: Matrix, b: Matrix): Matrix {
  return IDENTITY.map((_, n) => {
    const [column, row] = [n - (n % 4), n % 4];
    return [0, 1, 2, 3].reduce((sum, k) => sum + (a[row + 4 * k] ?? 0) * (b[column + k] ?? 0), 0);
  });
}

function moved([x, y, z]: Point, m: Matrix): Point {
  const along = (axis: number) =>
    (m[axis] ?? 0) * x + (m[axis + 4] ?? 0) * y + (m[axis + 8] ?? 0) * z + (m[axis + 12] ?? 0);
  return [along(0), along(1), along(2)];
}
