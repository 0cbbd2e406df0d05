import { blurred, emptyField, type Field } from './field.ts';
import type { Picture } from './picture.ts';

/** If the object covers less than this, there is no object. If it covers more, there is no background. */
const LEAST_COVER = 0.01;
const MOST_COVER = 0.985;

/**
 * Returns where the object is: 1 inside, 0 outside, soft at the edge. If the image has no background to remove, all of
 * it is the object.
 */
export function silhouetteOf(picture: Picture): Field {
  const alpha = alphaOf(picture);
  const cover = meanOf(alpha);
  if (cover < LEAST_COVER) return whole(picture);
  if (cover < MOST_COVER) return alpha;
  const cut = withoutBackground(picture);
  return cut !== undefined && meanOf(cut) > LEAST_COVER ? cut : whole(picture);
}

function alphaOf({ width, height, rgba }: Picture): Field {
  const field = emptyField(width, height);
  for (let i = 0; i < field.values.length; i++) field.values[i] = (rgba[i * 4 + 3] ?? 0) / 255;
  return field;
}

function whole({ width, height }: Picture): Field {
  return { width, height, values: new Float32Array(width * height).fill(1) };
}

function meanOf({ values }: Field): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** Smaller patches of the background color are highlights. Larger ones are holes, as in a handle. */
const HOLE_SHARE = 0.01;

/** Removes a plain background: a color that varies smoothly between the four corners and is connected to the border. */
function withoutBackground(picture: Picture): Field | undefined {
  const { width, height } = picture;
  const distance = distanceToBackground(picture);
  const border = borderOf(width, height);
  const noise = border.reduce((sum, at) => sum + (distance.values[at] ?? 0), 0) / border.length;
  if (noise > 28) return undefined;
  const reach = 16 + 2 * noise;

  const outside = new Uint8Array(width * height);
  const queue = border.filter((at) => (distance.values[at] ?? 0) < reach);
  for (const at of queue) outside[at] = 1;
  const spread = (at: number) => {
    if (outside[at] === 1 || (distance.values[at] ?? 0) >= reach) return;
    outside[at] = 1;
    queue.push(at);
  };
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) visitNeighbours(next, width, height, spread);
  const mask = emptyField(width, height);
  for (let i = 0; i < outside.length; i++) mask.values[i] = outside[i] === 1 ? 0 : 1;
  const background = { ...distance, values: distance.values.map((far) => (far < 5 + noise ? 1 : 0)) };
  for (const piece of piecesOf(background)) {
    if (piece.length > HOLE_SHARE * mask.values.length) for (const at of piece) mask.values[at] = 0;
  }
  return blurred(withoutSpecks(mask), 1);
}

function distanceToBackground({ width, height, rgba }: Picture): Field {
  const corners = [
    [0, 0],
    [width - 1, 0],
    [0, height - 1],
    [width - 1, height - 1],
  ].map(([x = 0, y = 0]) => (y * width + x) * 4);
  const field = emptyField(width, height);
  for (let y = 0; y < height; y++) {
    const down = height > 1 ? y / (height - 1) : 0;
    for (let x = 0; x < width; x++) {
      const across = width > 1 ? x / (width - 1) : 0;
      const shares = [(1 - across) * (1 - down), across * (1 - down), (1 - across) * down, across * down];
      let sum = 0;
      for (let channel = 0; channel < 3; channel++) {
        let expected = 0;
        for (let i = 0; i < 4; i++) expected += (shares[i] ?? 0) * (rgba[(corners[i] ?? 0) + channel] ?? 0);
        sum += ((rgba[(y * width + x) * 4 + channel] ?? 0) - expected) ** 2;
      }
      field.values[y * width + x] = Math.sqrt(sum);
    }
  }
  return field;
}

function borderOf(width: number, height: number): number[] {
  const border: number[] = [];
  for (let x = 0; x < width; x++) border.push(x, (height - 1) * width + x);
  for (let y = 0; y < height; y++) border.push(y * width, y * width + width - 1);
  return border;
}

function visitNeighbours(at: number, width: number, height: number, visit: (neighbour: number) => void): void {
  const x = at % width;
  if (x > 0) visit(at - 1);
  if (x < width - 1) visit(at + 1);
  if (at >= width) visit(at - width);
  if (at < width * (height - 1)) visit(at + width);
}

/** Removes pieces smaller than a hundredth of the largest one, which would float around the object as crumbs. */
function withoutSpecks(mask: Field): Field {
  const pieces = piecesOf(mask);
  const largest = pieces.reduce((most, piece) => Math.max(most, piece.length), 0);
  const kept = emptyField(mask.width, mask.height);
  for (const piece of pieces) {
    if (piece.length * 100 >= largest) for (const at of piece) kept.values[at] = 1;
  }
  return kept;
}

/** Returns the connected pixels of each piece. */
function piecesOf({ width, height, values }: Field): number[][] {
  const seen = new Uint8Array(values.length);
  const pieces: number[][] = [];
  for (let start = 0; start < values.length; start++) {
    if (seen[start] === 1 || values[start] === 0) continue;
    const piece: number[] = [];
    const join = (at: number) => {
      if (seen[at] === 1 || values[at] === 0) return;
      seen[at] = 1;
      piece.push(at);
    };
    join(start);
    for (let i = 0; i < piece.length; i++) visitNeighbours(piece[i] ?? 0, width, height, join);
    pieces.push(piece);
  }
  return pieces;
}

/**
 * Returns 1 where a pixel and all its neighbors belong to the object. Nearer to the edge, the color is mixed with the
 * background.
 */
export function coreOf(cover: Field): Field {
  const near = blurred(blurred(cover, 1), 1);
  return { ...near, values: near.values.map((value) => Math.max(0, Math.min(1, value * 10 - 9))) };
}

/** Extends the colors of the core over the edge, so that no background shows on the rim. */
export function bledOver(picture: Picture, core: Field): Picture {
  const { width, height } = picture;
  const rgba = new Uint8Array(picture.rgba);
  const known = new Uint8Array(width * height);
  const queue: number[] = [];
  for (let at = 0; at < known.length; at++) {
    rgba[at * 4 + 3] = 255;
    if ((core.values[at] ?? 0) <= 0.9) continue;
    known[at] = 1;
    queue.push(at);
  }
  for (let i = 0; i < queue.length; i++) {
    const from = queue[i] ?? 0;
    visitNeighbours(from, width, height, (at) => {
      if (known[at] === 1) return;
      known[at] = 1;
      rgba.copyWithin(at * 4, from * 4, from * 4 + 3);
      queue.push(at);
    });
  }
  return { width, height, rgba };
}
