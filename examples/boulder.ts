import { createGrid } from './grid.ts';
import { fractal, noise, ridge } from './noise.ts';
import { type Camera, createLens, putPixel, type Solid } from './render.ts';
import { ellipsoid, smoothMax } from './shapes.ts';
import { keyDirection } from './studio.ts';
import { clamp, cross, dot, lerp, mix, multiply, normalize, scale, smoothstep, subtract, type Vec3 } from './vector.ts';

/** The material of the boulder at a point. */
interface Ground {
  readonly colour: Vec3;
  /** The height above the traced surface. */
  readonly height: number;
}

/** A plane along which the stone split. */
interface Split {
  readonly direction: Vec3;
  /** The distance from the center of the stone. */
  readonly distance: number;
}

const splits: readonly Split[] = [
  { direction: normalize([0.25, 1, 0.15]), distance: 0.66 },
  { direction: normalize([-0.8, 0.5, 0.55]), distance: 0.76 },
  { direction: normalize([0.75, 0.25, 0.7]), distance: 0.84 },
  { direction: normalize([-0.15, 0.3, 1]), distance: 0.74 },
  { direction: normalize([-0.6, -0.25, 0.8]), distance: 0.8 },
  { direction: [0, -1, 0], distance: 0.6 },
];

function boulderDistance(x: number, y: number, z: number): number {
  const round = ellipsoid(x, y, z, [1.15, 0.86, 0.98]);
  if (round > 0.3) return round - 0.12;
  let split = round;
  for (const { direction, distance } of splits) {
    const beyond = x * direction[0] + y * direction[1] + z * direction[2] - distance;
    split = smoothMax(split, beyond, 0.06);
  }
  const bumps = fractal(x * 2.1, y * 2.6, z * 2.1, 3) - 0.5;
  const crack = smoothstep(0.9, 1, ridge(x * 1.1 + 4, y * 1.5 - x * 0.6, z * 1.1 + 1));
  return 0.8 * (split + 0.26 * bumps + 0.05 * crack);
}

const solid: Solid = { distance: boulderDistance, centre: [0, 0, 0], radius: 1.3 };
const camera: Camera = { eye: [1.6, 2.1, 5.6], target: [0.02, 0.03, 0], width: 0.4 };

/**
 * Renders the boulder as size × size RGBA bytes on a transparent background. To trace each pixel would take minutes, so
 * shape and light are traced on a grid, and finer details (stone, moss, relief) are computed per pixel.
 */
export function renderBoulder(size: number): Buffer {
  const pixels = Buffer.alloc(size * size * 4);
  const surfaceAt = createGrid(solid, createLens(camera, size), size);
  const relief = createRelief(size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const surface = surfaceAt(x, y);
      const ground = surface && groundAt(surface.point, surface.normal);
      const slope = relief(x, ground?.height);
      if (ground) putPixel(pixels, y * size + x, multiply(ground.colour, scale(surface.light, slope)));
    }
  }
  return pixels;
}

/**
 * Returns a function that computes how much lighter or darker a pixel is because its fine relief faces toward or away
 * from the lamp. Call it for each pixel in order: it keeps the previous pixel and the row above.
 */
function createRelief(size: number): (x: number, height: number | undefined) => number {
  const forward = normalize(subtract(camera.target, camera.eye));
  const right = normalize(cross(forward, [0, 1, 0]));
  const pixelsPerUnit = size / (camera.width * Math.sqrt(dot(camera.eye, camera.eye)));
  const across = dot(keyDirection, right) * pixelsPerUnit;
  const upwards = dot(keyDirection, cross(right, forward)) * pixelsPerUnit;
  const above = new Float32Array(size);
  return (x, height = Number.NaN) => {
    const rising = (height - (above[x - 1] ?? height)) * across + ((above[x] ?? height) - height) * upwards;
    above[x] = height;
    return Number.isNaN(rising) ? 1 : clamp(1 - 0.9 * rising, 0.15, 2);
  };
}

function groundAt(point: Vec3, normal: Vec3): Ground {
  const [x, y, z] = point;
  const patch = fractal(x * 4.2, y * 4.2, z * 4.2, 2);
  const rough = fractal(x * 34, y * 34, z * 34, 3);
  const grain = noise(x * 260, y * 260, z * 260);
  const speck = noise(x * 560, y * 560, z * 560);
  const moss = smoothstep(0.52, 0.64, 0.55 * normal[1] + 0.55 * patch + 0.3 * (rough - 0.5));
  const stone = lichen(granite(patch, rough, grain, speck), point, rough);
  const fuzz = 0.55 * grain + 0.45 * speck;
  const green = mix([0.012, 0.022, 0.004], [0.095, 0.115, 0.022], smoothstep(0.2, 0.8, 0.6 * fuzz + 0.4 * rough));
  return {
    colour: mix(stone, green, moss),
    height: 0.02 * rough + lerp(0.0016 * grain + 0.0005 * speck, 0.012 + 0.004 * fuzz, moss),
  };
}

/** Pale, warm feldspar and quartz with dark mica in between. */
function granite(patch: number, rough: number, grain: number, speck: number): Vec3 {
  const pale = mix([0.075, 0.07, 0.066], [0.2, 0.186, 0.17], clamp(0.9 * patch + 0.6 * (rough - 0.4), 0, 1));
  const crystals = scale(pale, 0.75 + 0.5 * grain);
  return mix(crystals, [0.016, 0.016, 0.018], 0.8 * smoothstep(0.62, 0.8, speck * 0.6 + (1 - grain) * 0.4));
}

/** Round crusts in gray-green and, in places, rust. */
function lichen(stone: Vec3, [x, y, z]: Vec3, rough: number): Vec3 {
  const crust = noise(x * 9 + 5, y * 9, z * 9) + 0.5 * (rough - 0.5);
  const grey = mix(stone, [0.2, 0.225, 0.18], 0.7 * smoothstep(0.68, 0.74, crust));
  return mix(grey, [0.17, 0.072, 0.022], 0.7 * smoothstep(0.2, 0.15, crust));
}
