import { clamp, type Vec3 } from './vector.ts';

/**
 * Returns the distance of a point from a surface, negative inside. Takes scalars instead of a Vec3, because it runs
 * hundreds of millions of times.
 */
export type Distance = (x: number, y: number, z: number) => number;

/** Merges the two closest surfaces smoothly over the width `k`. */
export function smoothMin(a: number, b: number, k: number): number {
  const h = Math.max(k - Math.abs(a - b), 0) / k;
  return Math.min(a, b) - h * h * k * 0.25;
}

export const smoothMax = (a: number, b: number, k: number): number => -smoothMin(-a, -b, k);

/** A turned rod from `a` to `b`. `radius(t)` is its radius, for t from 0 at a to 1 at b. */
export function rod(a: Vec3, b: Vec3, radius: (t: number) => number): Distance {
  const [ax, ay, az] = a;
  const [dx, dy, dz] = [b[0] - ax, b[1] - ay, b[2] - az];
  const perLength = 1 / (dx * dx + dy * dy + dz * dz);
  return (x, y, z) => {
    const [px, py, pz] = [x - ax, y - ay, z - az];
    const t = clamp((px * dx + py * dy + pz * dz) * perLength, 0, 1);
    return length3(px - dx * t, py - dy * t, pz - dz * t) - radius(t);
  };
}

/** An ellipsoid around the origin (a close bound, not the exact distance). */
export function ellipsoid(x: number, y: number, z: number, radii: Vec3): number {
  const [px, py, pz] = [x / radii[0], y / radii[1], z / radii[2]];
  const k = length3(px, py, pz);
  const slope = length3(px / radii[0], py / radii[1], pz / radii[2]);
  return slope === 0 ? -Math.min(...radii) : (k * (k - 1)) / slope;
}

/** A box around the origin. For two dimensions, set z and its half size to 0. */
export function box(x: number, y: number, z: number, [hx, hy, hz]: Vec3): number {
  const [qx, qy, qz] = [Math.abs(x) - hx, Math.abs(y) - hy, Math.abs(z) - hz];
  const outside = length3(Math.max(qx, 0), Math.max(qy, 0), Math.max(qz, 0));
  return outside + Math.min(Math.max(qx, qy, qz), 0);
}

export const length2 = (x: number, y: number): number => Math.sqrt(x * x + y * y);
export const length3 = (x: number, y: number, z: number): number => Math.sqrt(x * x + y * y + z * z);
