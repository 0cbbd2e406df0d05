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

/** Where in a triangle a pixel is. One object serves all pixels. */
interface Point {
  /** The vertices of the triangle, and their shares. */
  i: number;
  j: number;
  k: number;
  a: number;
  b: number;
  c: number;
  isTextured: boolean;
  u: number;
  v: number;
  /** How many times the unit square of the textures fits into one pixel. */
  density: number;
}

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
  readonly #point: Point = { i: 0, j: 0, k: 0, a: 0, b: 0, c: 0, isTextured: false, u: 0, v: 0, density: 0 };

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
      this.#locatePixel(part, screen, triangle, pixel);
      this.#shadePoint(part);
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
      this.#locate(part.indices, part.uvs, screen, triangle, a, b, c);
      this.#shadePoint(part);
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

  /** Finds a pixel in its triangle. */
  #locatePixel({ indices, uvs }: DrawnPart, screen: Float32Array, triangle: number, pixel: number): void {
    const i = (indices[triangle] ?? 0) * 4;
    const j = (indices[triangle + 1] ?? 0) * 4;
    const k = (indices[triangle + 2] ?? 0) * 4;
    const xi = screen[i] ?? 0;
    const yi = screen[i + 1] ?? 0;
    const xj = (screen[j] ?? 0) - xi;
    const yj = (screen[j + 1] ?? 0) - yi;
    const xk = (screen[k] ?? 0) - xi;
    const yk = (screen[k + 1] ?? 0) - yi;
    const x = (pixel % this.#size) + 0.5 - xi;
    const y = Math.floor(pixel / this.#size) + 0.5 - yi;
    const area = xj * yk - xk * yj;
    const b = (x * yk - xk * y) / area;
    const c = (xj * y - x * yj) / area;
    this.#locate(indices, uvs, screen, triangle, 1 - b - c, b, c);
  }

  /** Notes the corners around a point and their shares, corrected for the perspective, and its place in the textures. */
  #locate(
    indices: Uint32Array,
    uvs: Float32Array | undefined,
    screen: Float32Array,
    triangle: number,
    a: number,
    b: number,
    c: number,
  ): void {
    const point = this.#point;
    const i = indices[triangle] ?? 0;
    const j = indices[triangle + 1] ?? 0;
    const k = indices[triangle + 2] ?? 0;
    const si = a * (screen[i * 4 + 3] ?? 0);
    const sj = b * (screen[j * 4 + 3] ?? 0);
    const sk = c * (screen[k * 4 + 3] ?? 0);
    const sum = si + sj + sk || 1;
    point.i = i;
    point.j = j;
    point.k = k;
    point.a = si / sum;
    point.b = sj / sum;
    point.c = sk / sum;
    point.isTextured = uvs !== undefined;
    if (!uvs) return;
    point.u = mix(uvs, 2, 0, point);
    point.v = mix(uvs, 2, 1, point);
    point.density = area(uvs, i * 2, j * 2, k * 2) / (area(screen, i * 4, j * 4, k * 4) || 1);
  }

  /** Leaves the color of the texture at the point in `#texel`. False if there is none. */
  #read(mips: Mips | undefined): boolean {
    const { isTextured, u, v, density } = this.#point;
    const first = mips?.[0];
    if (!isTextured || !mips || !first) return false;
    const level = Math.round(Math.log2(density * first.width * first.height) / 2);
    const pixels = level > 0 ? (mips[Math.min(level, mips.length - 1)] ?? first) : first;
    sample(pixels, u, v, this.#texel);
    return true;
  }

  #alphaAt(
    { indices, uvs, surface }: DrawnPart,
    screen: Float32Array,
    triangle: number,
    a: number,
    b: number,
    c: number,
  ): number {
    this.#locate(indices, uvs, screen, triangle, a, b, c);
    return surface.color[3] * (this.#read(surface.colorMips) ? (this.#texel[3] ?? 0) / 255 : 1);
  }

  /** Leaves the light of the point in `#shade`. Written out number by number: it runs for every pixel. */
  #shadePoint(part: DrawnPart): void {
    const { surface, colors } = part;
    let [r, g, b, alpha] = surface.color;
    if (this.#read(surface.colorMips)) {
      r *= toLinear(this.#texel[0] ?? 0);
      g *= toLinear(this.#texel[1] ?? 0);
      b *= toLinear(this.#texel[2] ?? 0);
      alpha *= (this.#texel[3] ?? 0) / 255;
    }
    if (colors) {
      r *= mix(colors, 4, 0, this.#point);
      g *= mix(colors, 4, 1, this.#point);
      b *= mix(colors, 4, 2, this.#point);
      alpha *= mix(colors, 4, 3, this.#point);
    }
    const shade = this.#shade;
    shade[3] = surface.alphaMode === 'BLEND' ? Math.min(1, Math.max(0, alpha)) : 1;
    if (this.#isLit) return this.#lightPoint(part, r, g, b);
    shade[0] = r;
    shade[1] = g;
    shade[2] = b;
  }

  #lightPoint(part: DrawnPart, r: number, g: number, b: number): void {
    const { surface } = part;
    const { right, up, towards } = this.#camera;
    let { metallic, roughness } = surface;
    if (this.#read(surface.metalRoughMips)) {
      roughness *= (this.#texel[1] ?? 0) / 255;
      metallic *= (this.#texel[2] ?? 0) / 255;
    }
    this.#normalAt(part);
    const nx = this.#normal[0] ?? 0;
    const ny = this.#normal[1] ?? 0;
    const nz = this.#normal[2] ?? 0;
    const depth = nx * towards[0] + ny * towards[1] + nz * towards[2];
    const side = depth < 0 ? -1 : 1;
    const x = (nx * right[0] + ny * right[1] + nz * right[2]) * side;
    const y = (nx * up[0] + ny * up[1] + nz * up[2]) * side;
    const z = depth * side;
    const diffuse = (0.5 + 0.2 * y + 0.7 * Math.max(0, x * KEY[0] + y * KEY[1] + z * KEY[2])) * (1 - metallic);
    // The viewer is in front: what it sees mirrored is a studio, bright above and dark below.
    const gloss = 1 - Math.min(1, Math.max(0.05, roughness));
    const studio =
      (0.55 + 0.45 * Math.tanh((4 * z * y - 1.2 * z * x) * (0.4 + 2 * gloss))) * (metallic > 0.5 ? 1.1 : 1);
    const edge = (1 - z) ** 5 * gloss;
    const mirrored = (color: number) => ((0.04 * (1 - metallic) + color * metallic) * (1 - edge) + edge) * studio;
    const [er, eg, eb] = surface.emission;
    const emits = er + eg + eb > 0 && this.#read(surface.emissionMips);
    const glow = (n: number) => (emits ? toLinear(this.#texel[n] ?? 0) : 1);
    const shade = this.#shade;
    shade[0] = r * diffuse + mirrored(r) + er * glow(0);
    shade[1] = g * diffuse + mirrored(g) + eg * glow(1);
    shade[2] = b * diffuse + mirrored(b) + eb * glow(2);
  }

  /** Leaves the normal of the point in `#normal`. */
  #normalAt({ positions, normals, uvs, surface }: DrawnPart): void {
    const { i, j, k } = this.#point;
    const at = i * 3;
    const to = j * 3;
    const on = k * 3;
    const ex = (positions[to] ?? 0) - (positions[at] ?? 0);
    const ey = (positions[to + 1] ?? 0) - (positions[at + 1] ?? 0);
    const ez = (positions[to + 2] ?? 0) - (positions[at + 2] ?? 0);
    const fx = (positions[on] ?? 0) - (positions[at] ?? 0);
    const fy = (positions[on + 1] ?? 0) - (positions[at + 1] ?? 0);
    const fz = (positions[on + 2] ?? 0) - (positions[at + 2] ?? 0);
    let nx = normals ? mix(normals, 3, 0, this.#point) : ey * fz - ez * fy;
    let ny = normals ? mix(normals, 3, 1, this.#point) : ez * fx - ex * fz;
    let nz = normals ? mix(normals, 3, 2, this.#point) : ex * fy - ey * fx;
    const length = Math.sqrt(nx * nx + ny * ny + nz * nz) || 1;
    nx /= length;
    ny /= length;
    nz /= length;
    if (uvs && this.#read(surface.normalMips)) {
      const du1 = (uvs[j * 2] ?? 0) - (uvs[i * 2] ?? 0);
      const dv1 = (uvs[j * 2 + 1] ?? 0) - (uvs[i * 2 + 1] ?? 0);
      const du2 = (uvs[k * 2] ?? 0) - (uvs[i * 2] ?? 0);
      const dv2 = (uvs[k * 2 + 1] ?? 0) - (uvs[i * 2 + 1] ?? 0);
      const side = Math.sign(du1 * dv2 - du2 * dv1);
      const x = ((this.#texel[0] ?? 0) / 127.5 - 1) * side;
      const y = ((this.#texel[1] ?? 0) / 127.5 - 1) * side;
      const z = (this.#texel[2] ?? 0) / 127.5 - 1;
      const tx = ex * dv2 - fx * dv1;
      const ty = ey * dv2 - fy * dv1;
      const tz = ez * dv2 - fz * dv1;
      // In an image v points down, and in a normal map y points up.
      const bx = ex * du2 - fx * du1;
      const by = ey * du2 - fy * du1;
      const bz = ez * du2 - fz * du1;
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

function area(array: Float32Array, i: number, j: number, k: number): number {
  const [x = 0, y = 0] = [array[i], array[i + 1]];
  const [ax, ay] = [(array[j] ?? 0) - x, (array[j + 1] ?? 0) - y];
  return Math.abs(ax * ((array[k + 1] ?? 0) - y) - ((array[k] ?? 0) - x) * ay);
}

function mix(array: Float32Array, size: number, n: number, { i, j, k, a, b, c }: Point): number {
  return a * (array[i * size + n] ?? 0) + b * (array[j * size + n] ?? 0) + c * (array[k * size + n] ?? 0);
}

function normalize(vector: readonly number[]): [number, number, number] {
  const [x = 0, y = 0, z = 0] = vector;
  const length = Math.hypot(x, y, z) || 1;
  return [x / length, y / length, z / length];
}
