import { type Solid, visibility } from './render.ts';
import { add, cross, dot, normalize, scale, smoothstep, subtract, type Vec3 } from './vector.ts';

/** A point to light. `quarter` as in Hit. */
export interface LitPoint {
  readonly point: Vec3;
  readonly normal: Vec3;
  readonly quarter: number;
}

/**
 * A square lamp that faces the object. Its position is relative to the center of the object, in units of the object's
 * radius.
 */
interface Softbox {
  readonly place: Vec3;
  readonly halfSize: number;
  readonly colour: Vec3;
  readonly towards: Vec3;
  readonly right: Vec3;
  readonly up: Vec3;
}

const key = softbox([-2.2, 3.2, 2.6], 1.15, [2.8, 2.62, 2.36]);
const rim = softbox([3, 2.2, -2.4], 0.9, [1.25, 1.35, 1.5]);

/** The direction of the main light. */
export const keyDirection = key.towards;

function softbox(place: Vec3, halfSize: number, colour: Vec3): Softbox {
  const towards = normalize(place);
  const right = normalize(cross(towards, [0, 1, 0]));
  return { place, halfSize, colour, towards, right, up: cross(right, towards) };
}

/** Returns the light of the whole studio at a point: a warm lamp, a cool lamp behind, and pale walls. */
export function studioLight(solid: Solid, lit: LitPoint): Vec3 {
  const lamps = add(softboxLight(solid, lit, key), softboxLight(solid, lit, rim));
  return add(lamps, wallLight(solid, lit));
}

/** Samples four points of the lamp per pixel, one per quarter, times two: eight soft shadows that blend into one. */
function softboxLight(solid: Solid, { point, normal, quarter }: LitPoint, lamp: Softbox): Vec3 {
  let sum = 0;
  for (let sample = 0; sample < 2; sample++) {
    const across = ((quarter + 0.5) / 2 - 1) * (sample === 0 ? 1 : -1);
    const upwards = (sample === 0 ? 0.5 : -0.5) + ((quarter % 2) - 0.5) * 0.5;
    const offset = add(scale(lamp.right, across * lamp.halfSize), scale(lamp.up, upwards * lamp.halfSize));
    const place = add(solid.centre, scale(add(lamp.place, offset), solid.radius));
    const direction = normalize(subtract(place, point));
    const facing = dot(normal, direction);
    if (facing > 0) sum += facing * visibility(solid, { origin: point, direction }, 14);
  }
  return scale(lamp.colour, sum / 2);
}

/** Samples twelve wide cones over the hemisphere, three per quarter of a pixel. */
function wallLight(solid: Solid, { point, normal, quarter }: LitPoint): Vec3 {
  const side = normalize(cross(normal, Math.abs(normal[1]) < 0.9 ? [0, 1, 0] : [1, 0, 0]));
  const other = cross(normal, side);
  let sum: Vec3 = [0, 0, 0];
  for (let cone = quarter; cone < 12; cone += 4) {
    const radius = Math.sqrt((cone + 0.5) / 12);
    const turn = cone * 2.39996; // the golden angle spreads them evenly
    const flat = add(scale(side, radius * Math.cos(turn)), scale(other, radius * Math.sin(turn)));
    const direction = add(flat, scale(normal, Math.sqrt(1 - radius * radius)));
    const seen = visibility(solid, { origin: point, direction }, 3);
    sum = add(sum, scale(wallColour(direction), seen / 3));
  }
  return sum;
}

/** Pale walls: bright overhead, a warm bounce from the floor. */
function wallColour(direction: Vec3): Vec3 {
  const height = smoothstep(-1, 1, direction[1]);
  return [0.2 + 0.34 * height, 0.18 + 0.39 * height, 0.16 + 0.46 * height];
}

/** Returns the reflection in a direction: the walls and the lamps, with edges blurred by `blur`. */
export function reflection(direction: Vec3, blur: number): Vec3 {
  const lamps = [key, rim].map((lamp) => scale(lamp.colour, 2.2 * inLamp(direction, lamp, blur)));
  return lamps.reduce(add, wallColour(direction));
}

function inLamp(direction: Vec3, { place, halfSize, towards, right, up }: Softbox, blur: number): number {
  const ahead = dot(direction, towards);
  if (ahead <= 0) return 0;
  const half = halfSize / Math.sqrt(dot(place, place));
  const edge = (offset: number): number => smoothstep(half + blur, half - blur, Math.abs(offset) / ahead);
  const area = half / (half + blur); // a blurred lamp is a dimmer lamp
  return edge(dot(direction, right)) * edge(dot(direction, up)) * area * area;
}
