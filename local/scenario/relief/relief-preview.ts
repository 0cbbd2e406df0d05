import type { Picture } from './picture.ts';
import type { Mesh } from './relief-mesh.ts';

/** Turns the object slightly, as in product photos. */
const YAW = -0.5;
const PITCH = 0.2;
const KEY_LIGHT = unit([-0.45, 0.7, 0.75]);
const FILL_LIGHT = unit([0.8, 0.1, 0.45]);
const HALFWAY = unit([KEY_LIGHT[0], KEY_LIGHT[1], KEY_LIGHT[2] + 1]);

type Vector = readonly [number, number, number];

function unit([x, y, z]: Vector): Vector {
  const length = Math.hypot(x, y, z);
  return [x / length, y / length, z / length];
}

function turned(x: number, y: number, z: number): Vector {
  const sideways = x * Math.cos(YAW) + z * Math.sin(YAW);
  const depth = -x * Math.sin(YAW) + z * Math.cos(YAW);
  return [sideways, y * Math.cos(PITCH) - depth * Math.sin(PITCH), y * Math.sin(PITCH) + depth * Math.cos(PITCH)];
}

/** A vertex, projected into the image. */
interface Corner {
  readonly x: number;
  readonly y: number;
  readonly depth: number;
  readonly normal: Vector;
  readonly u: number;
  readonly v: number;
}

/** Renders the surface as a square image of `side` px, lit from the upper left, on a pale floor. */
export function previewOf(mesh: Mesh, texture: Picture | undefined, side: number): Picture {
  return halved(rendered(mesh, texture, 2 * side));
}

/** The mean of four pixels each, which smooths the edges. */
function halved({ width, rgba }: Picture): Picture {
  const side = width / 2;
  const half = new Uint8Array(side * side * 4);
  for (let y = 0, at = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      for (let channel = 0; channel < 4; channel++, at++) {
        const above = (2 * y * width + 2 * x) * 4 + channel;
        const below = above + width * 4;
        half[at] = ((rgba[above] ?? 0) + (rgba[above + 4] ?? 0) + (rgba[below] ?? 0) + (rgba[below + 4] ?? 0)) / 4;
      }
    }
  }
  return { width: side, height: side, rgba: half };
}

function rendered(mesh: Mesh, texture: Picture | undefined, size: number): Picture {
  const corners = projected(mesh, size);
  const canvas = floor(size, corners);
  const depths = new Float32Array(size * size).fill(-Infinity);
  for (let i = 0; i < mesh.indices.length; i += 3) {
    const a = corners[mesh.indices[i] ?? 0];
    const b = corners[mesh.indices[i + 1] ?? 0];
    const c = corners[mesh.indices[i + 2] ?? 0];
    if (a !== undefined && b !== undefined && c !== undefined) {
      paint({ size, canvas, depths, texture }, a, b, c);
    }
  }
  return { width: size, height: size, rgba: canvas };
}

function projected({ positions, normals, uvs }: Mesh, size: number): Corner[] {
  const points: Vector[] = [];
  for (let i = 0; i < positions.length; i += 3) {
    points.push(turned(positions[i] ?? 0, positions[i + 1] ?? 0, positions[i + 2] ?? 0));
  }
  const [left, right] = boundsOf(points, 0);
  const [low, high] = boundsOf(points, 1);
  const scale = (size * 0.76) / Math.max(right - left, high - low, 1e-6);
  return points.map(([x, y, z], i) => ({
    x: size / 2 + (x - (left + right) / 2) * scale,
    y: size * 0.49 - (y - (low + high) / 2) * scale,
    depth: z,
    normal: turned(normals[i * 3] ?? 0, normals[i * 3 + 1] ?? 0, normals[i * 3 + 2] ?? 0),
    u: uvs[i * 2] ?? 0,
    v: uvs[i * 2 + 1] ?? 0,
  }));
}

function boundsOf(points: readonly Vector[], axis: 0 | 1): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const point of points) {
    low = Math.min(low, point[axis]);
    high = Math.max(high, point[axis]);
  }
  return [low, high];
}

/** Renders a soft gradient and the shadow of the object. */
function floor(size: number, corners: readonly Corner[]): Uint8Array {
  let bottom = 0;
  let left = size;
  let right = 0;
  for (const { x, y } of corners) {
    bottom = Math.max(bottom, y);
    left = Math.min(left, x);
    right = Math.max(right, x);
  }
  const middle = (left + right) / 2;
  const reach = Math.max(size * 0.06, (right - left) * 0.52);
  const canvas = new Uint8Array(size * size * 4);
  for (let y = 0; y < size; y++) {
    const [high, deep] = [(y / size - 0.35) ** 2, ((y - bottom) / (reach * 0.22)) ** 2];
    for (let x = 0; x < size; x++) {
      const away = (x / size - 0.45) ** 2 + high;
      const off = ((x - middle) / reach) ** 2 + deep;
      const shadow = off < 1 ? 1 - Math.sqrt(off) : 0;
      const light = (1 - 0.42 * shadow * shadow * (3 - 2 * shadow)) * (1 - 0.16 * away);
      const at = (y * size + x) * 4;
      canvas[at] = 246 * light;
      canvas[at + 1] = 247 * light;
      canvas[at + 2] = 249 * light;
      canvas[at + 3] = 255;
    }
  }
  return canvas;
}

interface Canvas {
  readonly size: number;
  readonly canvas: Uint8Array;
  readonly depths: Float32Array;
  readonly texture: Picture | undefined;
}

function paint(target: Canvas, a: Corner, b: Corner, c: Corner) {
  const area = (b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y);
  // On the screen, y points down, so faces toward the viewer have the opposite winding.
  if (area >= 0) return;
  const { size, depths } = target;
  const top = Math.max(0, Math.ceil(Math.min(a.y, b.y, c.y)));
  const bottom = Math.min(size - 1, Math.floor(Math.max(a.y, b.y, c.y)));
  const left = Math.max(0, Math.ceil(Math.min(a.x, b.x, c.x)));
  const right = Math.min(size - 1, Math.floor(Math.max(a.x, b.x, c.x)));
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const second = ((x - a.x) * (c.y - a.y) - (c.x - a.x) * (y - a.y)) / area;
      const third = ((b.x - a.x) * (y - a.y) - (x - a.x) * (b.y - a.y)) / area;
      const first = 1 - second - third;
      if (first < 0 || second < 0 || third < 0) continue;
      const depth = first * a.depth + second * b.depth + third * c.depth;
      if (depth <= (depths[y * size + x] ?? 0)) continue;
      depths[y * size + x] = depth;
      shade(target, y * size + x, a, b, c, first, second, third);
    }
  }
}

function shade(target: Canvas, at: number, a: Corner, b: Corner, c: Corner, p: number, q: number, r: number) {
  const nx = p * a.normal[0] + q * b.normal[0] + r * c.normal[0];
  const ny = p * a.normal[1] + q * b.normal[1] + r * c.normal[1];
  const nz = p * a.normal[2] + q * b.normal[2] + r * c.normal[2];
  // Math.hypot is noticeably slower here.
  const length = Math.sqrt(nx * nx + ny * ny + nz * nz) || 1;
  const key = Math.max(0, along(KEY_LIGHT, nx, ny, nz, length) * 0.75 + 0.25);
  const fill = Math.max(0, along(FILL_LIGHT, nx, ny, nz, length));
  const light = 0.36 + 0.14 * (ny / length) + 0.72 * key + 0.12 * fill;
  const shine = 0.1 * sharpened(Math.max(0, along(HALFWAY, nx, ny, nz, length)));
  const texel = texelAt(target.texture, p * a.u + q * b.u + r * c.u, p * a.v + q * b.v + r * c.v);
  for (let channel = 0; channel < 3; channel++) {
    const color = target.texture === undefined ? 196 : (target.texture.rgba[texel + channel] ?? 0);
    target.canvas[at * 4 + channel] = Math.min(255, color * light + 255 * shine);
  }
}

/** The power of 28, which makes a highlight small. `**` takes ten times as long. */
function sharpened(value: number): number {
  const fourth = value * value * value * value;
  const eighth = fourth * fourth;
  return eighth * eighth * eighth * fourth;
}

/** The cosine of the angle between a light and a normal of this length. */
function along(light: Vector, nx: number, ny: number, nz: number, length: number): number {
  return (nx * light[0] + ny * light[1] + nz * light[2]) / length;
}

function texelAt(texture: Picture | undefined, u: number, v: number): number {
  if (texture === undefined) return 0;
  const x = Math.min(texture.width - 1, Math.floor(u * texture.width));
  const y = Math.min(texture.height - 1, Math.floor(v * texture.height));
  return (y * texture.width + x) * 4;
}
