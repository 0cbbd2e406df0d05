import type { Distance } from './shapes.ts';
import { add, clamp, cross, dot, normalize, scale, subtract, type Vec3 } from './vector.ts';

/** An object to render: its surface, and a bounding sphere that makes most rays cheap. */
export interface Solid {
  readonly distance: Distance;
  readonly centre: Vec3;
  readonly radius: number;
}

export interface Camera {
  readonly eye: Vec3;
  readonly target: Vec3;
  /** The width of the view at distance 1. */
  readonly width: number;
}

export interface Ray {
  readonly origin: Vec3;
  readonly direction: Vec3;
}

/** A point where a ray hits the solid. */
export interface Hit {
  readonly point: Vec3;
  readonly normal: Vec3;
  readonly view: Vec3;
  /** The quarter of a final pixel, from 0 to 3. The four quarters share the light samples. */
  readonly quarter: number;
}

export interface Picture {
  readonly solid: Solid;
  readonly camera: Camera;
  readonly shade: (hit: Hit) => Vec3;
  /** The color for a ray that misses the solid. Without it, the background is transparent. */
  readonly backdrop?: (ray: Ray, quarter: number) => Vec3;
}

/** Renders the image as size × size RGBA bytes. */
export function render(picture: Picture, size: number): Buffer {
  const pixels = Buffer.alloc(size * size * 4);
  const rayAt = createLens(picture.camera, size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const colour = look(picture, rayAt(x, y), (x % 2) + 2 * (y % 2));
      if (colour) putPixel(pixels, y * size + x, colour);
    }
  }
  return pixels;
}

function look({ solid, shade, backdrop }: Picture, ray: Ray, quarter: number): Vec3 | undefined {
  const distance = march(solid, ray);
  if (distance === undefined) return backdrop?.(ray, quarter);
  const point = along(ray, distance);
  return shade({ point, normal: normalAt(solid, point), view: ray.direction, quarter });
}

/** Returns the ray through the center of each pixel of a square image. */
export function createLens({ eye, target, width }: Camera, size: number): (x: number, y: number) => Ray {
  const forward = normalize(subtract(target, eye));
  const level = normalize(cross(forward, [0, 1, 0]));
  const right = scale(level, width / size);
  const down = scale(cross(forward, level), width / size);
  return (x, y) => {
    const [i, j] = [x + 0.5 - size / 2, y + 0.5 - size / 2];
    const dx = forward[0] + right[0] * i + down[0] * j;
    const dy = forward[1] + right[1] * i + down[1] * j;
    const dz = forward[2] + right[2] * i + down[2] * j;
    const perLength = 1 / Math.sqrt(dx * dx + dy * dy + dz * dz);
    return { origin: eye, direction: [dx * perLength, dy * perLength, dz * perLength] };
  };
}

export const along = ({ origin, direction }: Ray, distance: number): Vec3 => add(origin, scale(direction, distance));

/** Returns the distance to the solid along the ray, by sphere tracing, or undefined if the ray misses it. */
export function march({ distance, centre, radius }: Solid, ray: Ray): number | undefined {
  const [near, far] = sphereSpan(centre, radius, ray);
  const { origin, direction } = ray;
  for (let t = near, step = 0; t < far && step < 200; step++) {
    const d = distance(origin[0] + direction[0] * t, origin[1] + direction[1] * t, origin[2] + direction[2] * t);
    if (d < radius * 0.0003) return t;
    t += d * 0.9; // some shapes slightly overestimate their distance
  }
  return undefined;
}

/** Returns the surface normal, from four samples around the point. */
export function normalAt({ distance, radius }: Solid, [x, y, z]: Vec3): Vec3 {
  const e = radius * 0.0008;
  const a = distance(x + e, y - e, z - e);
  const b = distance(x - e, y - e, z + e);
  const c = distance(x - e, y + e, z - e);
  const d = distance(x + e, y + e, z + e);
  return normalize([a - b - c + d, -a - b + c + d, -a + b - c + d]);
}

/**
 * Returns how much of a light of angular size 1 / `sharpness` is visible along the ray, from 0 to 1.
 *
 * @see https://iquilezles.org/articles/rmshadows/
 */
export function visibility({ distance, centre, radius }: Solid, ray: Ray, sharpness: number): number {
  const [near, far] = sphereSpan(centre, radius, ray);
  const { origin, direction } = ray;
  let seen = 1;
  for (let t = Math.max(near, radius * 0.008), step = 0; t < far && step < 60; step++) {
    const d = distance(origin[0] + direction[0] * t, origin[1] + direction[1] * t, origin[2] + direction[2] * t);
    seen = Math.min(seen, (sharpness * d) / t);
    if (seen < -1) return 0;
    t += clamp(d * 0.8, radius * 0.008, radius * 0.15);
  }
  return 0.25 * (1 + seen) * (1 + seen) * (2 - seen);
}

/** Returns where a ray enters and leaves a sphere. The span is empty (near is after far) if the ray misses it. */
function sphereSpan(centre: Vec3, radius: number, { origin, direction }: Ray): [near: number, far: number] {
  const from = subtract(origin, centre);
  const b = dot(from, direction);
  const discriminant = b * b - dot(from, from) + radius * radius;
  if (discriminant < 0) return [1, 0];
  const half = Math.sqrt(discriminant);
  return [Math.max(-b - half, 0), -b + half];
}

/** Writes a linear color as opaque sRGB. Compresses highlights like film instead of clipping them. */
export function putPixel(pixels: Buffer, index: number, [red, green, blue]: Vec3): void {
  pixels[index * 4] = toByte(red);
  pixels[index * 4 + 1] = toByte(green);
  pixels[index * 4 + 2] = toByte(blue);
  pixels[index * 4 + 3] = 255;
}

function toByte(linear: number): number {
  const film = clamp((linear * (2.51 * linear + 0.03)) / (linear * (2.43 * linear + 0.59) + 0.14), 0, 1);
  return Math.round(255 * film ** (1 / 2.2));
}
