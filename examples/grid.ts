import { along, march, normalAt, type Ray, type Solid } from './render.ts';
import { studioLight } from './studio.ts';
import { normalize, type Vec3 } from './vector.ts';

/** The surface of the solid at a pixel. */
export interface Surface {
  readonly point: Vec3;
  readonly normal: Vec3;
  /** The incoming light. */
  readonly light: Vec3;
}

type Lens = (x: number, y: number) => Ray;

/** The distance between traced pixels. */
const stride = 10;
/** Numbers per grid node: distance (0 for no surface), normal, light. */
const width = 7;

/**
 * Traces every tenth pixel of every tenth row. Interpolates the others from their four neighbors on the grid, or traces
 * them separately if an outline runs between the neighbors.
 */
export function createGrid(solid: Solid, lens: Lens, size: number): (x: number, y: number) => Surface | undefined {
  const side = Math.ceil(size / stride) + 1;
  const nodes = traceNodes(solid, lens, side);
  const mixed = new Float64Array(width);
  return (x, y) => {
    const corner = (Math.floor(y / stride) * side + Math.floor(x / stride)) * width;
    const spread = mixCorners(nodes, corner, side * width, (x % stride) / stride, (y % stride) / stride, mixed);
    if (spread === undefined) return undefined;
    const ray = lens(x, y);
    const distance = spread < solid.radius * 0.1 ? mixed[0] : march(solid, ray);
    return distance === undefined ? undefined : surfaceFrom(mixed, along(ray, distance));
  };
}

function traceNodes(solid: Solid, lens: Lens, side: number): Float32Array {
  const nodes = new Float32Array(side * side * width);
  for (let index = 0; index < side * side; index++) {
    const ray = lens((index % side) * stride, Math.floor(index / side) * stride);
    const distance = march(solid, ray);
    if (distance === undefined) continue;
    const point = along(ray, distance);
    const normal = normalAt(solid, point);
    const light = studioLight(solid, { point, normal, quarter: 0 });
    nodes.set([distance, ...normal, ...light], index * width);
  }
  return nodes;
}

/**
 * Writes the weighted mean of the corners that are on the solid, and returns how much the depths of the four corners
 * differ. Uses no arrays, because it runs for each pixel.
 */
function mixCorners(
  nodes: Float32Array,
  corner: number,
  row: number,
  right: number,
  down: number,
  mixed: Float64Array,
): number | undefined {
  const at = (offset: number): number => nodes[corner + offset] ?? 0;
  const a = at(0);
  const b = at(width);
  const c = at(row);
  const d = at(row + width);
  const deepest = Math.max(a, b, c, d);
  if (deepest === 0) return undefined;
  const wa = a && (1 - right) * (1 - down) + 1e-6;
  const wb = b && right * (1 - down) + 1e-6;
  const wc = c && (1 - right) * down + 1e-6;
  const wd = d && right * down + 1e-6;
  for (let i = 0; i < width; i++) {
    const sum = wa * at(i) + wb * at(i + width) + wc * at(i + row) + wd * at(i + row + width);
    mixed[i] = sum / (wa + wb + wc + wd);
  }
  return deepest - Math.min(a, b, c, d);
}

function surfaceFrom(mixed: Float64Array, point: Vec3): Surface {
  const [, nx = 0, ny = 1, nz = 0, red = 0, green = 0, blue = 0] = mixed;
  return { point, normal: normalize([nx, ny, nz]), light: [red, green, blue] };
}
