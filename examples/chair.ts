import { fractal, hash, noise } from './noise.ts';
import type { Hit, Picture, Solid } from './render.ts';
import { box, type Distance, length2, length3, rod, smoothMax, smoothMin } from './shapes.ts';
import { reflection, studioLight } from './studio.ts';
import { add, clamp, dot, lerp, mix, multiply, reflect, scale, smoothstep, type Vec3 } from './vector.ts';

/** One piece of wood. */
interface Piece {
  readonly distance: Distance;
  /** Converts a point to wood coordinates: the first is along the grain, and the other two are across it. */
  readonly grain: (point: Vec3) => Vec3;
}

const upright = ([x, y, z]: Vec3): Vec3 => [y, x, z];
const forward = ([x, y, z]: Vec3): Vec3 => [z, x, y];
const sideways = (point: Vec3): Vec3 => point;

// A bow-back Windsor chair, in meters, with its front toward +z. It is symmetric in x, so the code describes only the
// right half.

const lean = 0.2; // of the back, in radians
const bow = { radius: 0.205, shoulder: 0.275, curve: 1.5 };

const vase = (t: number): number =>
  0.0118 + 0.0095 * Math.exp(-(((t - 0.32) / 0.2) ** 2)) + 0.0035 * Math.exp(-(((t - 0.66) / 0.025) ** 2));
const spindle = (t: number): number => 0.0052 + 0.0026 * Math.exp(-(((t - 0.3) / 0.22) ** 2));
const stretcher = (t: number): number => 0.0085 + 0.0058 * Math.exp(-(((t - 0.5) / 0.2) ** 2));
const halfStretcher = (t: number): number => stretcher(0.5 + t / 2);

const seat: Piece = { distance: seatDistance, grain: forward };
const back: readonly Piece[] = [
  { distance: bowDistance, grain: alongBow },
  ...[0, 1, 2, 3].map((place): Piece => ({ distance: spindleAt(place), grain: upright })),
];
const base: readonly Piece[] = [
  { distance: rod([0.15, 0.44, 0.125], [0.215, 0, 0.2], vase), grain: upright },
  { distance: rod([0.125, 0.44, -0.125], [0.2, 0, -0.245], vase), grain: upright },
  { distance: rod([0.179, 0.2, 0.162], [0.162, 0.2, -0.185], stretcher), grain: forward },
  { distance: rod([0, 0.2, -0.005], [0.17, 0.2, -0.005], halfStretcher), grain: sideways },
];

function seatDistance(x: number, y: number, z: number): number {
  const across = x / (1 + 0.4 * z); // narrower at the back
  const outline = box(across, z, 0, [0.095, 0.085, 0]) - 0.125;
  const bevel = outline - 0.02 + smoothstep(0.01, -0.03, y - 0.44) * 0.03;
  const plank = smoothMax(bevel, Math.abs(y - 0.443) - 0.021, 0.022);
  const hollow = length3((x - 0.085) * 0.9, y - 0.81, (z + 0.045) * 0.8) - 0.364; // one of two, with a pommel between
  return smoothMax(plank, -hollow, 0.03);
}

function bowDistance(x: number, y: number, z: number): number {
  const [v, w] = inBack(x, y, z);
  const spread = bow.radius - 0.035 * smoothstep(bow.shoulder, -0.05, v);
  const around = v > bow.shoulder ? length2(x, v - bow.shoulder) : x;
  const sunk = Math.max(-0.02 - v, 0);
  return length3(around - spread, w, sunk) - 0.0115;
}

/** The bow is a bent stick, so its grain follows the bend. */
function alongBow([x, y, z]: Vec3): Vec3 {
  const [v, w] = inBack(x, y, z);
  const above = Math.max(v - bow.shoulder, 0);
  const turned = above > 0 ? Math.atan2(above, Math.abs(x)) * bow.radius : 0;
  return [Math.min(v, bow.shoulder) + turned, length2(x, above), w];
}

function spindleAt(place: number): Distance {
  const top = 0.057 * place;
  const height = bow.shoulder + Math.sqrt(bow.radius ** 2 - top ** 2);
  const stick = rod([0.04 * place, -0.01, 0], [top, height, 0], spindle);
  return (x, y, z) => {
    const [v, w] = inBack(x, y, z);
    return stick(x, v, w);
  };
}

/** Returns height and depth in the plane of the back, which leans, and bends forward at its sides. */
function inBack(x: number, y: number, z: number): [v: number, w: number] {
  const [dy, dz] = [y - 0.45, z + 0.172];
  const v = dy * Math.cos(lean) - dz * Math.sin(lean);
  const w = dy * Math.sin(lean) + dz * Math.cos(lean) - bow.curve * x * x;
  return [v, w];
}

const closest = (pieces: readonly Piece[], x: number, y: number, z: number): number =>
  pieces.reduce((nearest, piece) => Math.min(nearest, piece.distance(x, y, z)), Infinity);

function chairDistance(x: number, y: number, z: number): number {
  const right = Math.abs(x);
  const toBack = box(x, y - 0.68, z + 0.2, [0.23, 0.29, 0.13]);
  const toBase = box(x, y - 0.21, z + 0.02, [0.23, 0.23, 0.25]);
  // far from a group of pieces, the distance to its box is accurate enough
  const behind = toBack > 0.06 ? toBack : closest(back, right, y, z) * 0.85;
  const below = toBase > 0.06 ? toBase : closest(base, right, y, z);
  return smoothMin(seatDistance(right, y, z), Math.min(behind, below), 0.006);
}

const solid: Solid = { distance: chairDistance, centre: [0, 0.47, -0.04], radius: 0.6 };

/**
 * Returns the wood at a point: rings around a pith outside the piece, pores at the start of each ring, and fine fibers.
 */
function oak([length, a, b]: Vec3, seed: number): Vec3 {
  const wander = 0.03 * (fractal(length * 3, a * 9, b * 9 + seed, 3) - 0.5);
  const rings = length2(a + 0.05 + wander + 0.06 * hash(seed, 1, 0), b - 0.07 + wander) * 150;
  const age = rings - Math.floor(rings);
  const late = smoothstep(0.15, 0.9, age) * smoothstep(1, 0.94, age);
  const fibre = noise(length * 22, a * 700 + seed, b * 700);
  const pore = smoothstep(0.62, 0.86, noise(length * 45, a * 900, b * 900 + seed)) * (1 - late);
  const tone = 0.55 * late + 0.28 * fibre + 0.35 * (fractal(length * 4, a * 14, b * 14 + seed, 2) - 0.4);
  const wood = mix([0.47, 0.275, 0.128], [0.265, 0.13, 0.05], clamp(tone, 0, 1));
  return mix(wood, [0.1, 0.045, 0.016], 0.55 * pore);
}

function pieceAt([x, y, z]: Vec3): { piece: Piece; seed: number } {
  const pieces = [seat, ...back, ...base];
  const distances = pieces.map((piece) => piece.distance(Math.abs(x), y, z));
  const nearest = distances.indexOf(Math.min(...distances));
  const mirrored = x < 0 && pieces[nearest] !== seat ? 31 : 0;
  return { piece: pieces[nearest] ?? seat, seed: nearest * 17 + mirrored };
}

/** Oiled oak: mostly matte, with a soft sheen at grazing angles. */
function shade(hit: Hit): Vec3 {
  const { piece, seed } = pieceAt(hit.point);
  const wood = oak(piece.grain(hit.point), seed);
  const light = studioLight(solid, hit);
  const sheen = lerp(0.035, 0.5, (1 - Math.max(-dot(hit.view, hit.normal), 0)) ** 5);
  const mirrored = reflection(reflect(hit.view, hit.normal), 0.4);
  const open = clamp(dot(light, [0.25, 0.25, 0.25]), 0, 1); // no sheen in the shade
  return add(multiply(wood, scale(light, 0.56)), scale(mirrored, sheen * open * 0.6));
}

export const chair: Picture = {
  solid,
  camera: { eye: [1.75, 1.32, 2.55], target: [0, 0.442, -0.03], width: 0.352 },
  shade,
};
