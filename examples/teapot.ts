import { fractal, hash, noise } from './noise.ts';
import { along, type Hit, type Picture, type Ray, type Solid } from './render.ts';
import { ellipsoid, length2, length3, smoothMax, smoothMin } from './shapes.ts';
import { reflection, studioLight } from './studio.ts';
import { add, clamp, dot, lerp, mix, multiply, normalize, reflect, scale, smoothstep, type Vec3 } from './vector.ts';

// A hand-thrown stoneware teapot, about two units wide, with its spout toward +x and its base at y = 0.

function teapotDistance(x: number, y: number, z: number): number {
  const around = length2(x, z);
  const body = smoothMin(bodyDistance(around, y), handleDistance(x, y, z), 0.09);
  const withSpout = smoothMin(body, spoutDistance(x, y, z), 0.2);
  return Math.min(withSpout, lidDistance(around, y));
}

/** A round body on a foot, with the faint rings from the potter's fingers. */
function bodyDistance(around: number, y: number): number {
  const near = length2(around, y - 0.72) - 1.05;
  if (near > 0.2) return near;
  const belly = ellipsoid(around, y - 0.72, 0, [1, 0.74, 1]);
  const rings = 0.0022 * Math.sin(y * 34 + 2 * Math.sin(y * 5));
  const foot = smoothMax(Math.abs(around - 0.5) - 0.07, Math.abs(y - 0.06) - 0.06, 0.04);
  const collar = smoothMax(around - 0.53, Math.abs(y - 1.36) - 0.07, 0.05);
  return smoothMin(smoothMin(belly + rings, foot, 0.08), collar, 0.1);
}

/** A domed lid with a knob, and a groove where it sits in the collar. */
function lidDistance(around: number, y: number): number {
  const near = length2(around, y - 1.6) - 0.6;
  if (near > 0.2) return near;
  const dome = smoothMax(ellipsoid(around, y - 1.36, 0, [0.56, 0.25, 0.56]), 1.455 - y, 0.03);
  const stem = smoothMax(around - 0.07, Math.abs(y - 1.64) - 0.07, 0.03);
  const knob = ellipsoid(around, y - 1.755, 0, [0.135, 0.095, 0.135]);
  return smoothMin(dome, smoothMin(stem, knob, 0.06), 0.07);
}

function handleDistance(x: number, y: number, z: number): number {
  const [cx, cy] = [x + 0.98, y - 0.84];
  const near = length3(cx, cy, z) - 0.68;
  if (near > 0.2) return near;
  const ring = length2(cx, cy * (cy > 0 ? 1 : 0.86)) - 0.46;
  const thin = 0.85 + 0.25 * smoothstep(0.3, -0.5, cx);
  const tube = length2(ring * 1.25 * thin, z * 0.85 * thin) - 0.085;
  return Math.max(tube * 0.8, x + 0.55); // never inside the pot
}

/** A round tube that curves outward as it rises. Its horizontal sections are circles. */
function spoutDistance(x: number, y: number, z: number): number {
  const near = length3(x - 1.1, y - 0.95, z) - 0.72;
  if (near > 0.2) return near;
  const t = clamp((y - 0.62) / 0.8, 0, 1.1);
  const middle = 0.66 + 0.76 * t + 0.06 * Math.sin(t * 2 * Math.PI);
  const off = length3((x - middle) * 0.84, z, Math.max(0.62 - y, 0));
  const tube = 0.75 * (off - lerp(0.31, 0.112, t ** 0.75));
  const cut = (x - middle) * 0.42 + (y - 1.38) * 0.9;
  return smoothMax(smoothMax(tube, cut, 0.025), 0.078 - off, 0.02);
}

const solid: Solid = { distance: teapotDistance, centre: [0, 0.85, 0], radius: 1.62 };

/**
 * Returns how close the point is to a rim or an edge, from 0 to 1. Glaze runs off there and lets the clay show through.
 */
function edgeAt({ point, normal }: Hit): number {
  const [x, y, z] = add(point, scale(normal, -0.07));
  return clamp(1 + solid.distance(x, y, z) / 0.07, 0, 1);
}

/** Stoneware below the dip line of the pot, and a sea-green glaze above. */
function ceramic(hit: Hit): { colour: Vec3; glazed: number } {
  const [x, y, z] = hit.point;
  const line = 0.34 + 0.05 * Math.sin(x * 1.7 + z * 2.3) + 0.05 * (fractal(x * 3, 0, z * 3, 2) - 0.5);
  const glazed = smoothstep(line - 0.006, line + 0.006, y);
  const thin = smoothstep(0.5, 0.95, edgeAt(hit)) + 0.8 * smoothstep(0.05, 0.0, y - line);
  const run = fractal(x * 5, y * 1.4, z * 5, 4);
  const sea = mix([0.006, 0.05, 0.075], [0.045, 0.2, 0.205], smoothstep(0.25, 0.75, run + 0.12 * (y - 0.8)));
  const broken = mix(sea, [0.2, 0.083, 0.028], clamp(thin * (0.3 + 1.3 * run), 0, 1));
  const freckled = mix(broken, [0.02, 0.035, 0.035], 0.7 * freckle(x * 24, y * 24, z * 24));
  const grain = 0.85 + 0.3 * noise(x * 90, y * 90, z * 90);
  const clay = mix(scale([0.4, 0.265, 0.165], grain), [0.09, 0.05, 0.03], freckle(x * 30, y * 30, z * 30));
  return { colour: mix(clay, freckled, glazed), glazed };
}

/** Iron spots: some cells of a grid contain a round dot of varying size. */
function freckle(x: number, y: number, z: number): number {
  const [ix, iy, iz] = [Math.floor(x), Math.floor(y), Math.floor(z)];
  const size = hash(ix, iy, iz) - 0.72;
  if (size < 0) return 0;
  const dx = x - ix - 0.35 - 0.3 * hash(iy, iz, ix);
  const dy = y - iy - 0.35 - 0.3 * hash(iz, ix, iy);
  const dz = z - iz - 0.5;
  return smoothstep(size + 0.1, size * 0.5, length3(dx, dy, dz));
}

function shade(hit: Hit): Vec3 {
  const { colour, glazed } = ceramic(hit);
  const diffuse = multiply(colour, scale(studioLight(solid, hit), 0.5));
  const fresnel = lerp(0.045, 0.9, (1 - Math.max(-dot(hit.view, hit.normal), 0)) ** 5);
  return add(diffuse, scale(mirrored(hit), fresnel * lerp(0.08, 1, glazed)));
}

/**
 * Returns the reflection in the glaze: the studio above, and the table below, which is dark near the foot. Leaves out
 * the pot itself, because the reflection of the spout in the body looks like a hole.
 */
function mirrored({ point, normal, view }: Hit): Vec3 {
  const ripple = scale(rippleAt(point), 0.02);
  const direction = normalize(reflect(view, normalize(add(normal, ripple))));
  const floor = scale([0.55, 0.53, 0.5], smoothstep(0, 0.9, point[1]));
  return mix(floor, reflection(direction, 0.05), smoothstep(-0.04, 0.04, direction[1]));
}

function rippleAt([x, y, z]: Vec3): Vec3 {
  const at = (shift: number): number => noise(x * 6 + shift, y * 6, z * 6 - shift) - 0.5;
  return [at(0), at(9), at(21)];
}

/** A pale table that fades seamlessly into the wall behind it. */
function table(ray: Ray, quarter: number): Vec3 {
  const distance = -ray.origin[1] / ray.direction[1];
  const wall: Vec3 = scale([0.93, 0.915, 0.89], 0.78);
  if (distance < 0) return wall;
  const point = along(ray, distance);
  const light = studioLight(solid, { point, normal: [0, 1, 0], quarter });
  const lit = multiply([0.4, 0.39, 0.375], scale(light, 0.62));
  return mix(lit, wall, smoothstep(3, 9, length2(point[0], point[2])));
}

export const teapot: Picture = {
  solid,
  camera: { eye: [1.7, 3.1, 6.6], target: [0.08, 0.82, 0], width: 0.5 },
  shade,
  backdrop: table,
};
