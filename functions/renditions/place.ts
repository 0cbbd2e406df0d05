import type { Document } from '@gltf-transform/core';
import { type Box, boxAround, readParts, shownScene } from './scene.ts';
import { ModelUnreadableError } from './unreadable.ts';

/** How large the thing is in reality. */
export interface SizeWish {
  /** In metres, by the metadata of the upload. */
  readonly height?: number | undefined;
  /** Whether the generator has estimated the real size already: `autoSize`. */
  readonly isReal: boolean;
}

/** How the renditions stand and how large they are. */
export interface Placement {
  /** What the size comes from. `fitted`: nobody knows it, so the longest side is one metre. */
  readonly sizeFrom: 'height' | 'auto-size' | 'fitted';
  /** By which the file's own lengths were multiplied. */
  readonly factor: number;
  /** Metres along x, y, and z. */
  readonly size: readonly [x: number, y: number, z: number];
}

const FITTED_METRES = 1;
const NAME = 'placed';

/**
 * Gives a model its size in metres and puts it on the floor: the middle of its lowest side is the origin.
 *
 * @throws ModelUnreadableError if it has no size
 */
export function placeModel(document: Document, { height, isReal }: SizeWish): Placement {
  const box = boxAround(readParts(document));
  const longest = box ? Math.max(...sidesOf(box)) : 0;
  if (!box || !(longest > 0) || !Number.isFinite(longest)) throw new ModelUnreadableError('it has no size');
  const [, tall] = sidesOf(box);
  const isTall = height !== undefined && tall > longest * 1e-6;
  const sizeFrom = isTall ? 'height' : isReal && height === undefined ? 'auto-size' : 'fitted';
  const factors = { height: (height ?? 0) / tall, 'auto-size': 1, fitted: FITTED_METRES / longest };
  const factor = factors[sizeFrom];
  const middle = (axis: 0 | 2) => (box.min[axis] + box.max[axis]) / 2;
  const scene = shownScene(document);
  const placed = document
    .createNode(NAME)
    .setScale([factor, factor, factor])
    .setTranslation([-middle(0) * factor, -box.min[1] * factor, -middle(2) * factor]);
  for (const child of scene?.listChildren() ?? []) placed.addChild(child);
  scene?.addChild(placed);
  const [x, y, z] = sidesOf(box);
  return { sizeFrom, factor, size: [x * factor, y * factor, z * factor] };
}

function sidesOf({ min, max }: Box): readonly [number, number, number] {
  return [max[0] - min[0], max[1] - min[1], max[2] - min[2]];
}
