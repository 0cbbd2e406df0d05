import type { Camera } from './camera.ts';
import type { Part } from './scene.ts';
import { type Mips, type Pixels, sample, toLinear, toSrgb } from './texture.ts';

/** A material with its textures decoded. Colors are linear. */
export interface Surface {
  readonly color: readonly [r: number, g: number, b: number, a: number];
  readonly colorMips: Mips | undefined;
  readonly emission: readonly [r: number, g: number, b: number];
  readonly emissionMips: Mips | undefined;
  readonly metallic: number;
  readonly roughness: number;
  /** Green is roughness and blue is metallic. */
  readonly metalRoughMips: Mips | undefined;
  readonly normalMips: Mips | undefined;
  readonly alphaMode: 'OPAQUE' | 'MASK' | 'BLEND';
  readonly alphaCutoff: number;
  readonly isDoubleSided: boolean;
}

export interface DrawnPart extends Omit<Part, 'name' | 'material'> {
  readonly surface: Surface;
}

/**
 * `lit`: with a neutral studio light, and without the back of one-sided surfaces.
 * `flat`: the base color alone, from both sides, as it is compared.
 */
export type Style = 'lit' | 'flat';

/**
 * Draws parts as a camera sees them, on a transparent background. The image is square.
 *
 * @param samples each pixel is the mean of so many in each direction, so that edges are smooth
 */
export function draw(parts: readonly DrawnPart[], camera: Camera, size: number, style: Style, samples = 1): Pixels {
  const painter = new Painter(camera, size * samples, style);
  for (const part of parts) if (part.surface.alphaMode !== 'BLEND') painter.drawSolid(part);
  painter.shadeSolid();
  for (const part of parts) if (part.surface.alphaMode === 'BLEND') painter.drawBlended(part);
  return painter.toPixels(samples);
}

/** Called for each covered pixel with the weights of the three corners. Returns nothing. */
type Visit = (pixel: number, a: number, b: number, c: number, depth: number) => void;

const NOTHING = -1;
/** A light from the upper left, towards the viewer's side, in the space of the camera. */
const KEY = normalize([-0.45, 0.7, 0.6]);

class Painter {
  readonly #camera: Camera;
  readonly #size: number;
  readonly #isLit: boolean;
  readonly #depths: Float32Array;
  /** Of each pixel: the number of the part, and the first index of the triangle. */
  readonly #partOf: Int32Array;
  readonly #triangleOf: Int32Array;
  /** Linear, multiplied by alpha. */
  readonly #light: Float32Array;
  readonly #solid: { readonly part: DrawnPart; readonly screen: Float32Array }[] = [];
  readonly #texel = new Float32Array(4);
  readonly #shade = new Float32Array(4);
  readonly #normal = new Float32Array(3);

  constructor(camera: Camera, size: number, style: Style) {
    this.#camera = camera;
    this.#size = size;
    this.#isLit = style === 'lit';
    this.#depths = new Float32Array(size * size).fill(-Infinity);
    this.#partOf = new Int32Array(size * size).fill(NOTHING);
    this.#triangleOf = new Int32Array(size * size);
    this.#light = new Float32Array(size * size * 4);
  }

  drawSolid(part: DrawnPart): void {
    const screen = this.#project(part.positions);
    const number = this.#solid.push({ part, screen }) - 1;
    const isCut = part.surface.alphaMode === 'MASK' && part.uvs !== undefined;
    let triangle = 0;
    const visit: Visit = (pixel, a, b, c, depth) => {
      if (depth <= (this.#depths[pixel] ?? 0)) return;
      if (isCut && this.#alphaAt(part, screen, triangle, a, b, c) < part.surface.alphaCutoff) return;
      this.#depths[pixel] = depth;
      this.#partOf[pixel] = number;
      this.#triangleOf[pixel] = triangle;
    };
    for (; triangle < part.indices.length; triangle += 3) this.#cover(part, screen, triangle, visit);
  }

  /** Each pixel is shaded once, when it is known what is in front. */
  shadeSolid(): void {
    const partOf = this.#partOf;
    for (let pixel = 0; pixel < partOf.length; pixel += 1) {
      const number = partOf[pixel] ?? NOTHING;
      const found = number === NOTHING ? undefined : this.#solid[number];
      if (!found) continue;
      const { part, screen } = found;
      const triangle = this.#triangleOf[pixel] ?? 0;
      const [a, b, c] = this.#weights(part, screen, triangle, pixel);
      this.#shadeAt(part, screen, triangle, a, b, c);
      this.#light.set(this.#shade, pixel * 4);
    }
  }

  /** What is transparent is drawn from back to front, and hides nothing. */
  drawBlended(part: DrawnPart): void {
    const screen = this.#project(part.positions);
    const { indices } = part;
    const depthOf = (i: number) => [0, 1, 2].reduce((sum, n) => sum + (screen[(indices[i + n] ?? 0) * 4 + 2] ?? 0), 0);
    const order = Uint32Array.from({ length: indices.length / 3 }, (_, n) => n * 3);
    const depths = Float32Array.from(order, depthOf);
    order.sort((i, j) => (depths[i / 3] ?? 0) - (depths[j / 3] ?? 0));
    let triangle = 0;
    const visit: Visit = (pixel, a, b, c, depth) => {
      if (depth <= (this.#depths[pixel] ?? 0)) return;
      this.#shadeAt(part, screen, triangle, a, b, c);
      const alpha = this.#shade[3] ?? 0;
      for (let channel = 0; channel < 4; channel += 1) {
        const at = pixel * 4 + channel;
        const own = channel === 3 ? alpha : (this.#shade[channel] ?? 0) * alpha;
        this.#light[at] = own + (this.#light[at] ?? 0) * (1 - alpha);
      }
    };
    for (triangle of order) this.#cover(part, screen, triangle, visit);
  }

  /** The mean of each square of samples, in linear light, as a lens sees it. */
  toPixels(samples: number): Pixels {
    const [light, from, side] = [this.#light, this.#size, this.#size / samples];
    const data = new Uint8Array(side * side * 4);
    for (let to = 0; to < data.length; to += 4) {
      const [x, y] = [((to / 4) % side) * samples, Math.floor(to / 4 / side) * samples];
      let [r, g, b, alpha] = [0, 0, 0, 0];
      for (let row = y; row < y + samples; row += 1)
        for (let at = (row * from + x) * 4, end = at + samples * 4; at < end; at += 4) {
          r += light[at] ?? 0;
          g += light[at + 1] ?? 0;
          b += light[at + 2] ?? 0;
          alpha += light[at + 3] ?? 0;
        }
      if (alpha === 0) continue;
      data[to] = toSrgb(r / alpha);
      data[to + 1] = toSrgb(g / alpha);
      data[to + 2] = toSrgb(b / alpha);
      data[to + 3] = Math.round((alpha / samples / samples) * 255);
    }
    return { width: side, height: side, data };
  }

  /** Of each vertex: x and y in pixels, depth (more is nearer), and the share of its attributes. */
  #project(positions: Float32Array): Float32Array {
    const { center, right, up, towards, scale, distance } = this.#camera;
    const screen = new Float32Array((positions.length / 3) * 4);
    const middle = this.#size / 2;
    for (let from = 0, to = 0; from < positions.length; from += 3, to += 4) {
      const x = (positions[from] ?? 0) - center[0];
      const y = (positions[from + 1] ?? 0) - center[1];
      const z = (positions[from + 2] ?? 0) - center[2];
      const depth = x * towards[0] + y * towards[1] + z * towards[2];
      const share = distance === undefined ? 1 : 1 / (distance - depth);
      const zoom = middle * scale * share;
      screen[to] = middle + (x * right[0] + y * right[1] + z * right[2]) * zoom;
      screen[to + 1] = middle - (x * up[0] + y * up[1] + z * up[2]) * zoom;
      screen[to + 2] = distance === undefined ? depth : share;
      screen[to + 3] = share;
    }
    return screen;
  }

  #cover({ indices, surface }: DrawnPart, screen: Float32Array, triangle: number, visit: Visit): void {
    const size = this.#size;
    const i = (indices[triangle] ?? 0) * 4;
    const j = (indices[triangle + 1] ?? 0) * 4;
    const k = (indices[triangle + 2] ?? 0) * 4;
    const xi = screen[i] ?? 0;
    const yi = screen[i + 1] ?? 0;
    const xj = screen[j] ?? 0;
    const yj = screen[j + 1] ?? 0;
    const xk = screen[k] ?? 0;
    const yk = screen[k + 1] ?? 0;
    const left = Math.max(0, Math.ceil(Math.min(xi, xj, xk) - 0.5));
    const right = Math.min(size - 1, Math.floor(Math.max(xi, xj, xk) - 0.5));
    if (left > right) return;
    const top = Math.max(0, Math.ceil(Math.min(yi, yj, yk) - 0.5));
    const bottom = Math.min(size - 1, Math.floor(Math.max(yi, yj, yk) - 0.5));
    if (top > bottom) return;
    const area = (xj - xi) * (yk - yi) - (xk - xi) * (yj - yi);
    // On the screen, y points down: what is counter-clockwise in the model has a negative area.
    if (!(area < 0 || (area > 0 && (!this.#isLit || surface.isDoubleSided)))) return;
    const di = screen[i + 2] ?? 0;
    const dj = screen[j + 2] ?? 0;
    const dk = screen[k + 2] ?? 0;
    for (let row = top; row <= bottom; row += 1) {
      const y = row + 0.5;
      for (let column = left; column <= right; column += 1) {
        const x = column + 0.5;
        const b = ((x - xi) * (yk - yi) - (xk - xi) * (y - yi)) / area;
        const c = ((xj - xi) * (y - yi) - (x - xi) * (yj - yi)) / area;
        const a = 1 - b - c;
        if (a < 0 || b < 0 || c < 0) continue;
        visit(row * size + column, a, b, c, a * di + b * dj + c * dk);
      }
    }
  }

  #weights({ indices }: DrawnPart, screen: Float32Array, triangle: number, pixel: number) {
    const at = (corner: number) => (indices[triangle + corner] ?? 0) * 4;
    const [i, j, k] = [at(0), at(1), at(2)];
    const [xi = 0, yi = 0] = [screen[i], screen[i + 1]];
    const [xj, yj] = [(screen[j] ?? 0) - xi, (screen[j + 1] ?? 0) - yi];
    const [xk, yk] = [(screen[k] ?? 0) - xi, (screen[k + 1] ?? 0) - yi];
    const x = (pixel % this.#size) + 0.5 - xi;
    const y = Math.floor(pixel / this.#size) + 0.5 - yi;
    const area = xj * yk - xk * yj;
    const b = (x * yk - xk * y) / area;
    const c = (xj * y - x * yj) / area;
    return [1 - b - c, b, c] as const;
  }

  #alphaAt(part: DrawnPart, screen: Float32Array, triangle: number, a: number, b: number, c: number): number {
    const { surface } = part;
    const alpha = surface.color[3];
    const at = this.#attributesAt(part, screen, triangle, a, b, c);
    if (!surface.colorMips || !at.level) return alpha;
    sample(at.level(surface.colorMips), at.u, at.v, this.#texel);
    return (alpha * (this.#texel[3] ?? 0)) / 255;
  }

  /** The share of each corner, corrected for the perspective, and the place in the textures. */
  #attributesAt(part: DrawnPart, screen: Float32Array, triangle: number, a: number, b: number, c: number) {
    const { indices, uvs } = part;
    const [i, j, k] = [indices[triangle] ?? 0, indices[triangle + 1] ?? 0, indices[triangle + 2] ?? 0];
    const [si, sj, sk] = [a * (screen[i * 4 + 3] ?? 0), b * (screen[j * 4 + 3] ?? 0), c * (screen[k * 4 + 3] ?? 0)];
    const sum = si + sj + sk || 1;
    const shares = [si / sum, sj / sum, sk / sum] as const;
    const corners = [i, j, k] as const;
    if (!uvs) return { corners, shares, u: 0, v: 0, level: undefined };
    const of = (n: number) =>
      shares[0] * (uvs[i * 2 + n] ?? 0) + shares[1] * (uvs[j * 2 + n] ?? 0) + shares[2] * (uvs[k * 2 + n] ?? 0);
    const density = textureDensity(uvs, screen, corners);
    const level = (mips: Mips): Pixels => {
      const [first] = mips;
      const texels = density * (first?.width ?? 1) * (first?.height ?? 1);
      const index = Math.min(mips.length - 1, Math.max(0, Math.round(Math.log2(texels) / 2)));
      return mips[Number.isFinite(index) ? index : 0] as Pixels;
    };
    return { corners, shares, u: of(0), v: of(1), level };
  }

  /** Leaves the light of a point of a triangle in `#shade`. */
  #shadeAt(part: DrawnPart, screen: Float32Array, triangle: number, a: number, b: number, c: number): void {
    const { surface, colors } = part;
    const { corners, shares, u, v, level } = this.#attributesAt(part, screen, triangle, a, b, c);
    const texel = this.#texel;
    const base: [number, number, number, number] = [...surface.color];
    const read = (mips: Mips | undefined) => {
      if (mips && level) sample(level(mips), u, v, texel);
      return mips !== undefined && level !== undefined;
    };
    if (read(surface.colorMips)) {
      for (let n = 0; n < 3; n += 1) base[n] = (base[n] ?? 0) * toLinear(texel[n] ?? 0);
      base[3] *= (texel[3] ?? 0) / 255;
    }
    if (colors) for (let n = 0; n < 4; n += 1) base[n] = (base[n] ?? 0) * mix(colors, 4, n, corners, shares);
    if (this.#isLit) this.#light3(part, corners, shares, base, read);
    else this.#shade.set(base);
    this.#shade[3] = surface.alphaMode === 'BLEND' ? Math.min(1, Math.max(0, base[3])) : 1;
  }

  #light3(
    part: DrawnPart,
    corners: readonly [number, number, number],
    shares: readonly [number, number, number],
    base: readonly number[],
    read: (mips: Mips | undefined) => boolean,
  ): void {
    const { surface } = part;
    const { right, up, towards } = this.#camera;
    const texel = this.#texel;
    let [metallic, roughness] = [surface.metallic, surface.roughness];
    if (read(surface.metalRoughMips)) {
      roughness *= (texel[1] ?? 0) / 255;
      metallic *= (texel[2] ?? 0) / 255;
    }
    this.#normalAt(part, corners, shares, read);
    const [nx = 0, ny = 0, nz = 0] = [this.#normal[0], this.#normal[1], this.#normal[2]];
    const depth = nx * towards[0] + ny * towards[1] + nz * towards[2];
    const side = depth < 0 ? -1 : 1;
    const x = (nx * right[0] + ny * right[1] + nz * right[2]) * side;
    const y = (nx * up[0] + ny * up[1] + nz * up[2]) * side;
    const z = depth * side;
    const diffuse = 0.42 + 0.18 * y + 0.62 * Math.max(0, x * KEY[0] + y * KEY[1] + z * KEY[2]);
    // The viewer is in front: what it sees mirrored is a studio, bright above and dark below.
    const [mirrorX, mirrorY] = [2 * z * x, 2 * z * y];
    const gloss = 1 - Math.min(1, Math.max(0.05, roughness));
    const studio = 0.55 + 0.45 * Math.tanh((mirrorY * 2 - mirrorX * 0.6) * (0.4 + 2 * gloss));
    const edge = (1 - z) ** 5 * gloss;
    const emits = read(surface.emissionMips);
    for (let n = 0; n < 3; n += 1) {
      const color = base[n] ?? 0;
      const mirrored = (0.04 * (1 - metallic) + color * metallic) * (1 - edge) + edge;
      const emission = (surface.emission[n] ?? 0) * (emits ? toLinear(texel[n] ?? 0) : 1);
      this.#shade[n] = color * (1 - metallic) * diffuse + mirrored * studio * (metallic > 0.5 ? 1.1 : 1) + emission;
    }
  }

  /** Leaves the normal of a point in `#normal`. Written out number by number: it runs for every pixel. */
  #normalAt(
    { positions, normals, uvs, surface }: DrawnPart,
    corners: readonly [number, number, number],
    shares: readonly [number, number, number],
    read: (mips: Mips | undefined) => boolean,
  ): void {
    const [i, j, k] = corners;
    const [at, to, on] = [i * 3, j * 3, k * 3];
    const ex = (positions[to] ?? 0) - (positions[at] ?? 0);
    const ey = (positions[to + 1] ?? 0) - (positions[at + 1] ?? 0);
    const ez = (positions[to + 2] ?? 0) - (positions[at + 2] ?? 0);
    const fx = (positions[on] ?? 0) - (positions[at] ?? 0);
    const fy = (positions[on + 1] ?? 0) - (positions[at + 1] ?? 0);
    const fz = (positions[on + 2] ?? 0) - (positions[at + 2] ?? 0);
    let nx = normals ? mix(normals, 3, 0, corners, shares) : ey * fz - ez * fy;
    let ny = normals ? mix(normals, 3, 1, corners, shares) : ez * fx - ex * fz;
    let nz = normals ? mix(normals, 3, 2, corners, shares) : ex * fy - ey * fx;
    const length = Math.sqrt(nx * nx + ny * ny + nz * nz) || 1;
    nx /= length;
    ny /= length;
    nz /= length;
    if (uvs && read(surface.normalMips)) {
      const du1 = (uvs[j * 2] ?? 0) - (uvs[i * 2] ?? 0);
      const dv1 = (uvs[j * 2 + 1] ?? 0) - (uvs[i * 2 + 1] ?? 0);
      const du2 = (uvs[k * 2] ?? 0) - (uvs[i * 2] ?? 0);
      const dv2 = (uvs[k * 2 + 1] ?? 0) - (uvs[i * 2 + 1] ?? 0);
      const side = Math.sign(du1 * dv2 - du2 * dv1);
      const x = ((this.#texel[0] ?? 0) / 127.5 - 1) * side;
      const y = ((this.#texel[1] ?? 0) / 127.5 - 1) * side;
      const z = (this.#texel[2] ?? 0) / 127.5 - 1;
      const [tx, ty, tz] = [ex * dv2 - fx * dv1, ey * dv2 - fy * dv1, ez * dv2 - fz * dv1];
      // In an image v points down, and in a normal map y points up.
      const [bx, by, bz] = [ex * du2 - fx * du1, ey * du2 - fy * du1, ez * du2 - fz * du1];
      const t = x / (Math.sqrt(tx * tx + ty * ty + tz * tz) || 1);
      const b = y / (Math.sqrt(bx * bx + by * by + bz * bz) || 1);
      nx = nx * z + tx * t + bx * b;
      ny = ny * z + ty * t + by * b;
      nz = nz * z + tz * t + bz * b;
      const bumpy = Math.sqrt(nx * nx + ny * ny + nz * nz) || 1;
      nx /= bumpy;
      ny /= bumpy;
      nz /= bumpy;
    }
    this.#normal[0] = nx;
    this.#normal[1] = ny;
    this.#normal[2] = nz;
  }
}

/** How many times the unit square of the textures fits into one pixel. */
function textureDensity(uvs: Float32Array, screen: Float32Array, [i, j, k]: readonly [number, number, number]): number {
  return area(uvs, i * 2, j * 2, k * 2) / (area(screen, i * 4, j * 4, k * 4) || 1);
}

function area(array: Float32Array, i: number, j: number, k: number): number {
  const [x = 0, y = 0] = [array[i], array[i + 1]];
  const [ax, ay] = [(array[j] ?? 0) - x, (array[j + 1] ?? 0) - y];
  return Math.abs(ax * ((array[k + 1] ?? 0) - y) - ((array[k] ?? 0) - x) * ay);
}

function mix(
  array: Float32Array,
  size: number,
  n: number,
  [i, j, k]: readonly [number, number, number],
  [a, b, c]: readonly [number, number, number],
): number {
  return a * (array[i * size + n] ?? 0) + b * (array[j * size + n] ?? 0) + c * (array[k * size + n] ?? 0);
}

function normalize(vector: readonly number[]): [number, number, number] {
  const [x = 0, y = 0, z = 0] = vector;
  const length = Math.hypot(x, y, z) || 1;
  return [x / length, y / length, z / length];
}
