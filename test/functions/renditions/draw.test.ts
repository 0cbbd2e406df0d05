import { describe, expect, it } from 'vitest';
import { lookAt } from '../../../functions/renditions/camera.ts';
import { type DrawnPart, draw, type Surface } from '../../../functions/renditions/draw.ts';
import { compareViews, drawViews } from '../../../functions/renditions/fidelity.ts';
import { boxAround } from '../../../functions/renditions/scene.ts';
import { PLAIN } from '../../../functions/renditions/surface.ts';

const SIZE = 64;
const surface: Surface = { ...PLAIN, color: [1, 0, 0, 1], roughness: 1, isDoubleSided: false };

/** A square of 2 by 2 that looks to +Z. */
const square = (z: number, own: Partial<Surface> = {}): DrawnPart => ({
  positions: new Float32Array([-1, -1, z, 1, -1, z, 1, 1, z, -1, 1, z]),
  normals: undefined,
  uvs: new Float32Array([0, 1, 1, 1, 1, 0, 0, 0]),
  colors: undefined,
  indices: new Uint32Array([0, 1, 2, 0, 2, 3]),
  surface: { ...surface, ...own },
});

const box = { min: [-1, -1, -1], max: [1, 1, 1] } as const;
const front = lookAt(box, 0, 0, false);
const at = (data: Uint8Array, x: number, y: number) =>
  Array.from(data.slice((y * SIZE + x) * 4, (y * SIZE + x) * 4 + 4));
const middle = (parts: readonly DrawnPart[], camera = front) => at(draw(parts, camera, SIZE, 'flat').data, 32, 32);
const covered = (parts: readonly DrawnPart[], style: 'lit' | 'flat', camera = front) =>
  draw(parts, camera, SIZE, style).data.filter((value, n) => n % 4 === 3 && value > 0).length;

describe('a drawing', () => {
  it('covers what the shape covers, without gaps between its triangles', () => {
    // The sphere around the box fills 94% of the picture.
    const side = Math.round((0.94 * SIZE) / Math.sqrt(3));

    expect(Math.abs(covered([square(0)], 'flat') - side * side)).toBeLessThan(2 * side);
  });

  it('shows what is in front, whatever is drawn first', () => {
    const [red, green] = [square(0.5), square(-0.5, { color: [0, 1, 0, 1] })];

    expect(middle([red, green])).toEqual([255, 0, 0, 255]);
    expect(middle([green, red])).toEqual([255, 0, 0, 255]);
  });

  it('leaves out the back of a surface with one side, as viewers do', () => {
    const behind = lookAt(box, Math.PI, 0, false);

    expect(covered([square(0)], 'lit', behind)).toBe(0);
    expect(covered([square(0, { isDoubleSided: true })], 'lit', behind)).toBeGreaterThan(0);
  });

  it('mixes what is transparent with what is behind it, in linear light', () => {
    const glass = square(0.5, { color: [1, 0, 0, 0.5], alphaMode: 'BLEND' });

    expect(middle([glass, square(0, { color: [0, 0, 1, 1] })])).toEqual([188, 0, 188, 255]);
    expect(middle([glass])).toEqual([255, 0, 0, 128]);
  });

  it('has holes where the texture of a cut-out has some', () => {
    const half = { width: 2, height: 1, data: new Uint8Array([255, 255, 255, 255, 255, 255, 255, 0]) };
    const cut = square(0, { alphaMode: 'MASK', colorMips: [half] });
    const { data } = draw([cut], front, SIZE, 'flat');

    expect([at(data, 24, 32)[3], at(data, 40, 32)[3]]).toEqual([255, 0]);
  });
});

describe('the fidelity of a rendition', () => {
  const cube = [square(1), square(-1)];
  const views = (parts: readonly DrawnPart[]) => drawViews(parts, box);

  it('is perfect for the same model', () => {
    expect(compareViews(views(cube), views(cube))).toEqual({ silhouette: { worst: 1, mean: 1 }, colorDifference: 0 });
  });

  it('falls if a part is missing, and tells colors apart', () => {
    const [missing, other] = [
      compareViews(views(cube), views([square(1)])),
      compareViews(views(cube), views([square(1, { color: [0, 1, 0, 1] }), square(-1)])),
    ];

    expect(missing.silhouette.worst).toBeLessThan(0.6);
    expect(other.silhouette.worst).toBe(1);
    expect(other.colorDifference).toBeGreaterThan(20);
  });

  it('is measured around the original, so a model that moved is different', () => {
    const moved = cube.map((part) => ({ ...part, positions: part.positions.map((value) => value + 0.2) }));

    expect(boxAround(moved.map((part) => ({ ...part, name: '', material: null })))?.min[0]).toBeCloseTo(-0.8);
    expect(compareViews(views(cube), views(moved)).silhouette.worst).toBeLessThan(0.9);
  });
});
