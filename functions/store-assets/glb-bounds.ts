import * as z from 'zod';
import type { ModelFacts } from '../contract/asset.ts';

const point = z.tuple([z.number(), z.number(), z.number()]);

function listOf<Item extends z.ZodType>(item: Item) {
  return z.array(item).default([]);
}

const nodeSchema = z.object({
  mesh: z.number().optional(),
  skin: z.number().optional(),
  extensions: z.object({ EXT_mesh_gpu_instancing: z.unknown() }).partial().optional(),
  children: listOf(z.number()),
  matrix: z.array(z.number()).length(16).optional(),
  translation: point.default([0, 0, 0]),
  rotation: z.tuple([z.number(), z.number(), z.number(), z.number()]).default([0, 0, 0, 1]),
  scale: point.default([1, 1, 1]),
});

const primitiveSchema = z.object({ attributes: z.object({ POSITION: z.number().optional() }) });

const accessorSchema = z.object({
  componentType: z.number(),
  normalized: z.boolean().default(false),
  // If the accessor does not hold points, these have other lengths.
  min: point.optional().catch(undefined),
  max: point.optional().catch(undefined),
});

const documentSchema = z.object({
  scene: z.number().default(0),
  scenes: listOf(z.object({ nodes: listOf(z.number()) })),
  nodes: listOf(nodeSchema),
  meshes: listOf(z.object({ primitives: listOf(primitiveSchema) })),
  accessors: listOf(accessorSchema),
});

type Point = z.infer<typeof point>;
type Box = NonNullable<ModelFacts['boundingBox']>;

/** The axes and the origin of a node in its parent's space: the columns of a glTF matrix. */
type Place = readonly [x: Point, y: Point, z: Point, origin: Point];

/** Measures the box around all meshes of the scene, in metres. Undefined if it can't be measured. */
export function measureBoundingBox(json: unknown): Box | undefined {
  const document = documentSchema.safeParse(json).data;
  if (!document) return undefined;
  const { scene, scenes, nodes, meshes, accessors } = document;
  // Joints and instances put meshes elsewhere.
  if (nodes.some(({ skin, extensions }) => skin !== undefined || extensions?.EXT_mesh_gpu_instancing !== undefined))
    return undefined;
  const boxes = meshes.map(({ primitives }) =>
    around(primitives.flatMap(({ attributes }) => cornersOf(accessors[attributes.POSITION ?? -1]) ?? [])),
  );
  const shown: Box[] = [];
  const roots = scenes[scene]?.nodes ?? [];
  const waiting: { index: number; above?: Place }[] = roots.map((index) => ({ index }));
  // A node has one parent, so a repeated node means a cycle.
  const seen = new Set<number>();
  for (const { index, above } of waiting) {
    const node = nodes[index];
    if (!node || seen.has(index)) continue;
    seen.add(index);
    const place = above ? inside(above, placeOf(node)) : placeOf(node);
    const box = boxes[node.mesh ?? -1];
    if (box) shown.push(moved(box, place));
    for (const child of node.children) waiting.push({ index: child, above: place });
  }
  return around(shown);
}

type Axis = 0 | 1 | 2;

function pointOf(valueAt: (axis: Axis) => number): Point {
  return [valueAt(0), valueAt(1), valueAt(2)];
}

function around(boxes: readonly Box[]): Box | undefined {
  const ends = (of: 'min' | 'max', furthest: typeof Math.max, first: number) =>
    pointOf((axis) => boxes.reduce((end, box) => furthest(end, box[of][axis]), first));
  const [min, max] = [ends('min', Math.min, Infinity), ends('max', Math.max, -Infinity)];
  return [...min, ...max].every(Number.isFinite) ? { min, max } : undefined;
}

/** The integer that means 1, by component type, if the accessor is normalized. */
const WHOLE: Readonly<Record<number, number>> = { 5120: 127, 5121: 255, 5122: 32_767, 5123: 65_535 };

function cornersOf(accessor: z.infer<typeof accessorSchema> | undefined): Box | undefined {
  if (!accessor?.min || !accessor.max) return undefined;
  const { min, max, normalized, componentType } = accessor;
  const whole = (normalized && WHOLE[componentType]) || 1;
  return { min: pointOf((axis) => min[axis] / whole), max: pointOf((axis) => max[axis] / whole) };
}

function placeOf({ matrix, translation, rotation: [x, y, z, w], scale }: z.infer<typeof nodeSchema>): Place {
  if (matrix) {
    const column = (n: number) => point.parse(matrix.slice(4 * n, 4 * n + 3));
    return [column(0), column(1), column(2), column(3)];
  }
  const [sx, sy, sz] = scale;
  return [
    [sx * (1 - 2 * (y * y + z * z)), sx * 2 * (x * y + z * w), sx * 2 * (x * z - y * w)],
    [sy * 2 * (x * y - z * w), sy * (1 - 2 * (x * x + z * z)), sy * 2 * (y * z + x * w)],
    [sz * 2 * (x * z + y * w), sz * 2 * (y * z - x * w), sz * (1 - 2 * (x * x + y * y))],
    translation,
  ];
}

/** Transforms a place from the outer place's space to that of its parent. */
function inside([x, y, z, origin]: Place, inner: Place): Place {
  const turned = (p: Point) => pointOf((axis) => x[axis] * p[0] + y[axis] * p[1] + z[axis] * p[2]);
  const offset = turned(inner[3]);
  return [turned(inner[0]), turned(inner[1]), turned(inner[2]), pointOf((axis) => origin[axis] + offset[axis])];
}

/** The box around a transformed box: the least and the most that each side adds. */
function moved({ min, max }: Box, [x, y, z, origin]: Place): Box {
  const ends = (furthest: typeof Math.max) =>
    pointOf((axis) => {
      const reach = (side: Point, n: Axis) => furthest(side[axis] * min[n], side[axis] * max[n]);
      return origin[axis] + reach(x, 0) + reach(y, 1) + reach(z, 2);
    });
  return { min: ends(Math.min), max: ends(Math.max) };
}
