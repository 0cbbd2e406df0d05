import { type Field, meanAround, sampleAt } from './field.ts';

/**
 * A closed surface. y is up, and the front faces +z. A position has three numbers, and a texture coordinate has two.
 */
export interface Mesh {
  readonly positions: Float32Array;
  readonly normals: Float32Array;
  readonly uvs: Float32Array;
  readonly indices: Uint32Array;
}

/** The shape of the surface. All fields have the same size, and heights are in pixels. */
export interface Relief {
  readonly cover: Field;
  readonly front: Field;
  readonly back: Field;
}

interface Grid {
  readonly columns: number;
  readonly rows: number;
  /** Pixels per cell. */
  readonly step: number;
  /** The share of the object around each corner. */
  readonly cover: Float32Array;
}

const EDGE = 0.5;

/**
 * Creates the surface of a relief with at most this many triangles. It is centered, and its longest side is one unit.
 */
export function meshOf(relief: Relief, maxTriangles: number): Mesh {
  return surfaceOf(relief, gridFor(relief.cover, maxTriangles));
}

/** Returns the finest grid within the limit, but never one so coarse that nothing is left. */
function gridFor(cover: Field, maxTriangles: number): Grid {
  const longest = Math.max(cover.width, cover.height);
  let cells = Math.min(400, Math.sqrt(maxTriangles / 4) * 2.5);
  for (;;) {
    const grid = gridOf(cover, longest / cells);
    const triangles = trianglesIn(grid);
    if (triangles <= maxTriangles && triangles > 0) return grid;
    // A closed surface needs at least eight triangles, so the smallest limits get eight.
    if (cells <= 2) return { ...grid, cover: onlyDensest(grid) };
    cells = Math.max(2, Math.min(cells * 0.97, cells * Math.sqrt(maxTriangles / Math.max(1, triangles))));
  }
}

/** Adds one cell on each side of the field. No object is there, so every outline closes. */
function gridOf(field: Field, step: number): Grid {
  const columns = Math.ceil(field.width / step) + 2;
  const rows = Math.ceil(field.height / step) + 2;
  const cover = new Float32Array((columns + 1) * (rows + 1));
  for (let row = 1; row < rows; row++) {
    for (let column = 1; column < columns; column++) {
      const [x, y] = pixelOf({ columns, rows, step }, field, column, row);
      cover[row * (columns + 1) + column] = meanAround(field, x, y, step);
    }
  }
  const grid = { columns, rows, step, cover };
  // The object is thinner than half a cell everywhere. One thick blob is better than no model.
  return cover.some((value) => value >= EDGE) ? grid : { ...grid, cover: onlyDensest(grid) };
}

/** Keeps only the densest corner, which results in eight triangles. */
function onlyDensest({ columns, rows, cover }: Grid): Float32Array {
  const middle = Math.floor(rows / 2) * (columns + 1) + Math.floor(columns / 2);
  const densest = cover.reduce((best, value, i) => (value > (cover[best] ?? 0) ? i : best), middle);
  return new Float32Array(cover.length).fill(1, densest, densest + 1);
}

function pixelOf(
  { columns, rows, step }: Pick<Grid, 'columns' | 'rows' | 'step'>,
  { width, height }: Field,
  column: number,
  row: number,
): [number, number] {
  return [width / 2 + (column - columns / 2) * step, height / 2 + (row - rows / 2) * step];
}

/** Returns the corners of a cell, counterclockwise as seen from the front. */
function cornersOf({ columns }: Grid, column: number, row: number): [number, number, number, number] {
  const top = row * (columns + 1) + column;
  const bottom = top + columns + 1;
  return [bottom, bottom + 1, top + 1, top];
}

function trianglesIn(grid: Grid): number {
  let triangles = 0;
  forEachOutline(grid, (outline) => {
    triangles += 2 * (outline.length - 2);
  });
  return triangles;
}

/**
 * A point of an outline. Below the number of corners, it is a corner. From there on, it is the place where the outline
 * crosses the edge between two corners: twice the first corner, and one more if the second is below it, not beside it.
 */
type Point = number;

function crossing({ columns, cover }: Grid, one: number, other: number): Point {
  return cover.length + 2 * Math.min(one, other) + (Math.abs(one - other) > columns ? 1 : 0);
}

/** The corners beside a crossing: first the one that belongs to the object. */
function besideCrossing({ columns, cover }: Grid, point: Point): readonly [inner: number, outer: number] {
  const edge = point - cover.length;
  const first = edge >> 1;
  const second = first + (edge % 2 === 1 ? columns + 1 : 1);
  return (cover[first] ?? 0) >= EDGE ? [first, second] : [second, first];
}

/** Visits the part of each cell that belongs to the object, by marching squares. */
function forEachOutline(grid: Grid, visit: (outline: readonly Point[]) => void) {
  const { cover } = grid;
  for (let row = 0; row < grid.rows; row++) {
    for (let column = 0; column < grid.columns; column++) {
      const corners = cornersOf(grid, column, row);
      const outline: Point[] = [];
      for (let i = 0; i < 4; i++) {
        const [corner = 0, next = 0] = [corners[i], corners[(i + 1) % 4]];
        const isInside = (cover[corner] ?? 0) >= EDGE;
        if (isInside) outline.push(corner);
        if (isInside !== (cover[next] ?? 0) >= EDGE) outline.push(crossing(grid, corner, next));
      }
      if (outline.length > 0) visit(outline);
    }
  }
}

function surfaceOf(relief: Relief, grid: Grid): Mesh {
  const vertices = createVertices(relief, grid);
  const indices: number[] = [];
  forEachOutline(grid, (outline) => {
    const front = outline.map((point) => vertices.of(point, 'front'));
    const back = outline.map((point) => vertices.of(point, 'back')).toReversed();
    for (const polygon of [front, back])
      for (let i = 1; i + 1 < polygon.length; i++) indices.push(polygon[0] ?? 0, polygon[i] ?? 0, polygon[i + 1] ?? 0);
  });
  const positions = Float32Array.from(vertices.positions);
  return {
    positions,
    uvs: Float32Array.from(vertices.uvs),
    indices: Uint32Array.from(indices),
    normals: normalsOf(positions, indices),
  };
}

/** Creates the vertices. Front and back have separate vertices but share those of the rim, so the surface is closed. */
function createVertices({ cover, front, back }: Relief, grid: Grid) {
  const positions: number[] = [];
  const uvs: number[] = [];
  const corners = grid.cover.length;
  /** Front, back, and rim. */
  const known = new Int32Array(4 * corners).fill(-1);
  const scale = 1 / Math.max(cover.width, cover.height);

  function add(column: number, row: number, heightAt: (x: number, y: number) => number): number {
    const [x, y] = pixelOf(grid, cover, column, row);
    positions.push((x - cover.width / 2) * scale, (cover.height / 2 - y) * scale, heightAt(x, y) * scale);
    uvs.push(Math.max(0, Math.min(1, x / cover.width)), Math.max(0, Math.min(1, y / cover.height)));
    return positions.length / 3 - 1;
  }
  function column(corner: number) {
    return corner % (grid.columns + 1);
  }
  function row(corner: number) {
    return Math.floor(corner / (grid.columns + 1));
  }
  function make(point: Point, side: 'front' | 'back'): number {
    if (point < corners) {
      // Keep the thinnest place a fraction of a cell thick. Otherwise, front and back would overlap when rendered.
      const least = grid.step * 0.2;
      return add(column(point), row(point), (x, y) =>
        side === 'front' ? Math.max(least, sampleAt(front, x, y)) : -Math.max(least, sampleAt(back, x, y)),
      );
    }
    const [inner, outer] = besideCrossing(grid, point);
    const from = grid.cover[inner] ?? 0;
    const to = grid.cover[outer] ?? 0;
    // Keep the crossing away from the corners, where triangles would have no area.
    const way = Math.max(0.08, Math.min(0.92, (from - EDGE) / (from - to)));
    return add(
      column(inner) + (column(outer) - column(inner)) * way,
      row(inner) + (row(outer) - row(inner)) * way,
      () => 0,
    );
  }
  function of(point: Point, side: 'front' | 'back'): number {
    const place = side === 'front' && point < corners ? point : point + corners;
    const standing = known[place] ?? -1;
    if (standing >= 0) return standing;
    const vertex = make(point, side);
    known[place] = vertex;
    return vertex;
  }
  return { positions, uvs, of };
}

/** Computes smooth normals: the mean of the faces around each vertex, weighted by area. */
function normalsOf(positions: Float32Array, indices: readonly number[]): Float32Array {
  const normals = new Float32Array(positions.length);
  for (let i = 0; i < indices.length; i += 3) {
    const [a = 0, b = 0, c = 0] = [indices[i], indices[i + 1], indices[i + 2]];
    const [ux, uy, uz] = between(positions, a, b);
    const [vx, vy, vz] = between(positions, a, c);
    const normal = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
    for (const vertex of [a, b, c]) {
      for (let axis = 0; axis < 3; axis++) {
        normals[vertex * 3 + axis] = (normals[vertex * 3 + axis] ?? 0) + (normal[axis] ?? 0);
      }
    }
  }
  for (let at = 0; at < normals.length; at += 3) {
    const length = Math.hypot(normals[at] ?? 0, normals[at + 1] ?? 0, normals[at + 2] ?? 0);
    for (let axis = 0; axis < 3; axis++) normals[at + axis] = (normals[at + axis] ?? 0) / (length || 1);
    if (length === 0) normals[at + 2] = 1;
  }
  return normals;
}

function between(positions: Float32Array, from: number, to: number): [number, number, number] {
  return [
    (positions[to * 3] ?? 0) - (positions[from * 3] ?? 0),
    (positions[to * 3 + 1] ?? 0) - (positions[from * 3 + 1] ?? 0),
    (positions[to * 3 + 2] ?? 0) - (positions[from * 3 + 2] ?? 0),
  ];
}
