import { type Camera, FILL, lookAt } from './camera.ts';
import { type DrawnPart, draw } from './draw.ts';
import type { ImageCodec } from './image-codec.ts';
import type { Box } from './scene.ts';
import type { Pixels } from './texture.ts';

const POSTER_SIDE = 1024;
const FRAMES = 24;
const FRAME_MS = 83;
const YAW = Math.PI / 6;
const PITCH = Math.PI / 12;
/** Each pixel is the mean of so many in each direction, so that edges are smooth. */
const SAMPLES = 2;
const QUALITY = 85;
/** From the best to the smallest. */
const TURNTABLES = [
  { side: 320, quality: 75 },
  { side: 320, quality: 55 },
  { side: 256, quality: 40 },
] as const;

/** A color with its red, green, and blue from 0 to 255, or nothing. */
export type Background = readonly [r: number, g: number, b: number] | undefined;

/** Draws a model as a picture of 1,024 pixels a side, from the front right and slightly above. */
export function drawPoster(
  parts: readonly DrawnPart[],
  box: Box,
  background: Background,
  codec: ImageCodec,
): Uint8Array<ArrayBuffer> {
  const camera = fit([lookAt(box, YAW, PITCH, true)], box);
  return codec.toWebp(drawSmooth(parts, camera[0] as Camera, POSTER_SIDE, background), QUALITY);
}

/** Draws an animation in which a model turns once around itself in two seconds. */
export function drawTurntable(
  parts: readonly DrawnPart[],
  box: Box,
  { background, maxBytes }: { readonly background: Background; readonly maxBytes: number },
  codec: ImageCodec,
): Uint8Array<ArrayBuffer> {
  const yaws = Array.from({ length: FRAMES }, (_, n) => YAW + (n * 2 * Math.PI) / FRAMES);
  const cameras = fit(
    yaws.map((yaw) => lookAt(box, yaw, PITCH, true)),
    box,
  );
  let animation: Uint8Array<ArrayBuffer> | undefined;
  for (const { side, quality } of TURNTABLES) {
    const frames = cameras.map((camera) => drawSmooth(parts, camera, side, background));
    animation = codec.toAnimation(frames, FRAME_MS, quality);
    if (animation.length < maxBytes) break;
  }
  return animation as Uint8Array<ArrayBuffer>;
}

/** Moves all cameras as near as the corners of the box allow. All of them zoom in equally, so that nothing jumps. */
function fit(cameras: readonly Camera[], { min, max }: Box): Camera[] {
  const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((n) =>
    [0, 1, 2].map((axis) => ((n >> axis) & 1 ? max : min)[axis] ?? 0),
  );
  const reach = cameras.flatMap(({ center, right, up, towards, scale, distance = 1 }) =>
    corners.flatMap((corner) => {
      const along = (axis: readonly number[]) =>
        corner.reduce((sum, value, n) => sum + (value - (center[n] ?? 0)) * (axis[n] ?? 0), 0);
      const zoom = scale / (distance - along(towards));
      return [Math.abs(along(right) * zoom), Math.abs(along(up) * zoom)];
    }),
  );
  const nearer = FILL / Math.max(...reach);
  return cameras.map((camera) => ({ ...camera, scale: camera.scale * nearer }));
}

function drawSmooth(parts: readonly DrawnPart[], camera: Camera, side: number, background: Background): Pixels {
  const image = draw(parts, camera, side, 'lit', SAMPLES);
  if (!background) return image;
  const { data } = image;
  for (let at = 0; at < data.length; at += 4) {
    const alpha = (data[at + 3] ?? 0) / 255;
    for (let n = 0; n < 3; n += 1) data[at + n] = (data[at + n] ?? 0) * alpha + (background[n] ?? 0) * (1 - alpha);
    data[at + 3] = 255;
  }
  return image;
}
