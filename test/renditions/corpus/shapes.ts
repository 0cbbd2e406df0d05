/** A surface in plain arrays, before it becomes glTF. */
export interface Shape {
  readonly positions: Float32Array;
  readonly normals: Float32Array;
  readonly uvs: Float32Array;
  readonly indices: Uint32Array;
}

/** A number from 0 to 1 for each call, always the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

type Point = readonly [number, number, number];

/** A grid over u and v, from 0 to 1, with about so many triangles. Normals come from the surface itself. */
function surface(triangles: number, at: (u: number, v: number) => Point): Shape {
  const side = Math.max(2, Math.round(Math.sqrt(triangles / 2)));
  const row = side + 1;
  const positions = new Float32Array(row * row * 3);
  const normals = new Float32Array(row * row * 3);
  const uvs = new Float32Array(row * row * 2);
  for (let j = 0; j <= side; j += 1)
    for (let i = 0; i <= side; i += 1) {
      const vertex = j * row + i;
      const [u, v] = [i / side, j / side];
      positions.set(at(u, v), vertex * 3);
      uvs.set([u, v], vertex * 2);
      normals.set(normalAt(at, u, v), vertex * 3);
    }
  const indices = new Uint32Array(side * side * 6);
  for (let j = 0, to = 0; j < side; j += 1)
    for (let i = 0; i < side; i += 1, to += 6) {
      const a = j * row + i;
      indices.set([a, a + row, a + 1, a + 1, a + row, a + row + 1], to);
    }
  return { positions, normals, uvs, indices };
}

function normalAt(at: (u: number, v: number) => Point, u: number, v: number): Point {
  const step = 1e-4;
  const from = (du: number, dv: number) => at(Math.min(1, Math.max(0, u + du)), Math.min(1, Math.max(0, v + dv)));
  const [a, b, c, d] = [from(-step, 0), from(step, 0), from(0, -step), from(0, step)];
  const e = [0, 1, 2].map((n) => (b[n] ?? 0) - (a[n] ?? 0));
  const f = [0, 1, 2].map((n) => (d[n] ?? 0) - (c[n] ?? 0));
  const of = (n: number) =>
    (f[(n + 1) % 3] ?? 0) * (e[(n + 2) % 3] ?? 0) - (f[(n + 2) % 3] ?? 0) * (e[(n + 1) % 3] ?? 0);
  const [x, y, z] = [of(0), of(1), of(2)];
  const length = Math.hypot(x, y, z);
  return length > 1e-12 ? [x / length, y / length, z / length] : [0, 1, 0];
}

/** A stone: a sphere with bumps of several sizes, closed at its poles. */
export function stone(triangles: number, roughness = 0.1): Shape {
  return surface(triangles, (u, v) => {
    const [theta, phi] = [u * 2 * Math.PI, v * Math.PI];
    const [x, y, z] = [Math.sin(phi) * Math.cos(theta), Math.cos(phi), -Math.sin(phi) * Math.sin(theta)];
    const bumps = Math.sin(5 * x + 1) * Math.sin(4 * y) + 0.5 * Math.sin(11 * z + 3 * y) + 0.25 * Math.sin(23 * x * y);
    const radius = 0.5 * (1 + roughness * bumps);
    return [x * radius, y * radius, z * radius];
  });
}

/** A tube around a ring: it has a hole. */
export function ring(triangles: number, thickness = 0.12): Shape {
  return surface(triangles, (u, v) => {
    const [theta, phi] = [u * 2 * Math.PI, -v * 2 * Math.PI];
    const radius = 0.4 + thickness * Math.cos(phi);
    return [radius * Math.cos(theta), thickness * Math.sin(phi), -radius * Math.sin(theta)];
  });
}

/** A sheet with waves, seen from both sides. */
export function sheet(triangles: number, depth = 0.05): Shape {
  return surface(triangles, (u, v) => [u - 0.5, depth * Math.sin(u * 19) * Math.cos(v * 13), v - 0.5]);
}

/** A vase: thin walls, an inside and an outside. */
export function vase(triangles: number): Shape {
  return surface(triangles, (u, v) => {
    const theta = u * 2 * Math.PI;
    const [height, wall] = v < 0.5 ? [v * 2, 0] : [2 - v * 2, 0.02];
    const radius = 0.2 + 0.12 * Math.sin(height * 5) - wall;
    return [radius * Math.cos(theta), height, -radius * Math.sin(theta)];
  });
}

/** Flat faces: no vertex is shared, as in files of a CAD program. */
export function faceted(shape: Shape): Shape {
  const { indices } = shape;
  const spread = (array: Float32Array, size: number) => {
    const out = new Float32Array(indices.length * size);
    indices.forEach((vertex, n) => out.set(array.subarray(vertex * size, vertex * size + size), n * size));
    return out;
  };
  const positions = spread(shape.positions, 3);
  const normals = new Float32Array(positions.length);
  for (let i = 0; i < positions.length; i += 9) {
    const p = (corner: number, n: number) => positions[i + corner * 3 + n] ?? 0;
    const [e, f] = [1, 2].map((corner) => [0, 1, 2].map((n) => p(corner, n) - p(0, n)));
    const of = (n: number) =>
      (e?.[(n + 1) % 3] ?? 0) * (f?.[(n + 2) % 3] ?? 0) - (e?.[(n + 2) % 3] ?? 0) * (f?.[(n + 1) % 3] ?? 0);
    const normal = [of(0), of(1), of(2)];
    const length = Math.hypot(...normal) || 1;
    for (let corner = 0; corner < 3; corner += 1)
      normals.set(
        normal.map((value) => value / length),
        i + corner * 3,
      );
  }
  return { positions, normals, uvs: spread(shape.uvs, 2), indices: Uint32Array.from(indices.keys()) };
}
