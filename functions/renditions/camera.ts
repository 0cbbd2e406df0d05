import type { Box } from './scene.ts';

type Vector = readonly [x: number, y: number, z: number];

/** Looks at a center. `scale` is in halves of the image for one unit, at the center if there is no perspective. */
export interface Camera {
  readonly center: Vector;
  readonly right: Vector;
  readonly up: Vector;
  /** From the center to the viewer. */
  readonly towards: Vector;
  readonly scale: number;
  /** From the center to the viewer, in the unit of the scene. Undefined without perspective. */
  readonly distance: number | undefined;
}

/** The part of the image that the model fills at most. */
export const FILL = 0.94;
/** Half of the angle of view: that of a portrait lens, which hardly distorts. */
const HALF_ANGLE = (13 * Math.PI) / 180;

/**
 * Looks at a box so that it is always in the picture, from whatever side.
 *
 * @param yaw radians from the front (+Z) to the right (+X)
 * @param pitch radians above the horizon
 */
export function lookAt({ min, max }: Box, yaw: number, pitch: number, perspective: boolean): Camera {
  const center = [0, 1, 2].map((n) => ((min[n] ?? 0) + (max[n] ?? 0)) / 2) as unknown as Vector;
  const radius = Math.hypot(...[0, 1, 2].map((n) => ((max[n] ?? 0) - (min[n] ?? 0)) / 2)) || 1;
  const [sinYaw, cosYaw, sinPitch, cosPitch] = [Math.sin(yaw), Math.cos(yaw), Math.sin(pitch), Math.cos(pitch)];
  const view = {
    center,
    right: [cosYaw, 0, -sinYaw] as const,
    up: [-sinYaw * sinPitch, cosPitch, -cosYaw * sinPitch] as const,
    towards: [sinYaw * cosPitch, sinPitch, cosYaw * cosPitch] as const,
  };
  if (!perspective) return { ...view, scale: FILL / radius, distance: undefined };
  return { ...view, scale: FILL / Math.tan(HALF_ANGLE), distance: radius / Math.sin(HALF_ANGLE) };
}
