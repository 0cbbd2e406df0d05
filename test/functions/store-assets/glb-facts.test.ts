import { describe, expect, it } from 'vitest';
import type { ModelFacts } from '../../../functions/contract/asset.ts';
import { createValidate } from '../../../functions/store-assets/validate-glb.ts';
import { jpeg, png } from '../images.ts';
import { virtualTime } from '../virtual-time.ts';
import { glbOf } from './glb.ts';

const validate = createValidate(virtualTime());

async function factsIn(document: Record<string, unknown>, binary?: Uint8Array): Promise<ModelFacts | undefined> {
  const { facts } = await validate(new Uint8Array(glbOf({ asset: { version: '2.0' }, ...document }, binary)));
  return facts;
}

const cube = { type: 'VEC3', componentType: 5126, count: 24, min: [-1, -2, -3], max: [1, 2, 3] };
const indices = { type: 'SCALAR', componentType: 5123, count: 36 };
const mesh = { primitives: [{ attributes: { POSITION: 0 }, indices: 1 }] };

async function shown(nodes: readonly object[], accessors: readonly object[] = [cube, indices]) {
  const facts = await factsIn({ scene: 0, scenes: [{ nodes: [0] }], nodes, meshes: [mesh], accessors });
  return facts?.boundingBox;
}

describe('the triangles of a GLB', () => {
  it('are counted from indices or corners, by the kind of primitive, each mesh once', async () => {
    const primitive = (mode: number | undefined, indices?: number) => ({
      attributes: { POSITION: 0 },
      ...(mode !== undefined && { mode }),
      ...(indices !== undefined && { indices }),
    });
    const primitives = [primitive(undefined, 1), primitive(4), primitive(5), primitive(6), primitive(1)];

    const facts = await factsIn({
      meshes: [{ primitives }],
      accessors: [cube, indices],
      materials: [{}, {}],
    });

    expect(facts).toMatchObject({ triangles: 12 + 8 + 22 + 22, vertices: 5 * 24, materials: 2 });
  });
});

describe('the textures of a GLB', () => {
  it('have the size that their own bytes say, wherever they lie', async () => {
    const [first, second] = [await png(), await jpeg()];
    const buffers = [{ byteLength: first.length + second.length }];
    const bufferViews = [
      { buffer: 0, byteOffset: first.length, byteLength: second.length },
      { buffer: 0, byteLength: first.length },
    ];
    const images = [
      { bufferView: 0, mimeType: 'image/jpeg' },
      { bufferView: 1, mimeType: 'image/png' },
      { uri: 'a.png' },
    ];

    const facts = await factsIn({ buffers, bufferViews, images }, Buffer.concat([first, second]));

    const size = { width: expect.any(Number) as number, height: expect.any(Number) as number };
    expect(facts?.textures).toEqual([
      { contentType: 'image/jpeg', bytes: second.length, ...size },
      { contentType: 'image/png', bytes: first.length, ...size },
      { contentType: undefined, bytes: undefined },
    ]);
  });
});

describe('the bounding box of a GLB', () => {
  it('is that of its points', async () => {
    expect(await shown([{ mesh: 0 }])).toEqual({ min: [-1, -2, -3], max: [1, 2, 3] });
  });

  it('is moved, turned and scaled with the nodes above', async () => {
    const quarterTurn = { rotation: [0, 0, Math.SQRT1_2, Math.SQRT1_2] };

    const box = await shown([
      { children: [1], translation: [10, 0, 0], scale: [2, 2, 2] },
      { mesh: 0, ...quarterTurn },
    ]);

    expect(box?.min.map((value) => Math.round(value * 1e6) / 1e6)).toEqual([6, -2, -6]);
    expect(box?.max.map((value) => Math.round(value * 1e6) / 1e6)).toEqual([14, 2, 6]);
  });

  it('follows a matrix in place of the three', async () => {
    const matrix = [0.5, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 0.5, 0, 1, 1, 1, 1];

    expect(await shown([{ mesh: 0, matrix }])).toEqual({ min: [0.5, 0, -0.5], max: [1.5, 2, 2.5] });
  });

  it('knows numbers that stand for fractions', async () => {
    const packed = {
      ...cube,
      componentType: 5122,
      normalized: true,
      min: [-32767, 0, 0],
      max: [32767, 0, 0],
    };

    expect(await shown([{ mesh: 0 }], [packed])).toEqual({ min: [-1, 0, 0], max: [1, 0, 0] });
  });

  it('holds nothing that the scene does not show', async () => {
    const aside = { mesh: 0, translation: [99, 0, 0] };

    expect(await shown([{ mesh: 0 }, aside])).toEqual({ min: [-1, -2, -3], max: [1, 2, 3] });
    expect(await shown([{}, aside])).toBeUndefined();
  });
});

describe('a broken GLB', () => {
  it('has no box if its nodes cannot be read, and no facts if its counts are not numbers', async () => {
    const meshes = [mesh];
    const nodes = [{ mesh: 0, matrix: [1, 2, 3] }];

    expect(await factsIn({ nodes, meshes, accessors: [cube, indices] })).toMatchObject({
      triangles: 12,
      boundingBox: undefined,
    });
    expect(await factsIn({ meshes, accessors: [cube, { ...indices, count: 1e300 }] })).toBeUndefined();
  });

  it('that shows many meshes in many places still has a box', async () => {
    const nodes = Array.from({ length: 10_000 }, () => ({ mesh: 0 }));
    const primitives = Array.from({ length: 3_000 }, () => ({ attributes: { POSITION: 0 } }));

    const facts = await factsIn({
      scenes: [{ nodes: nodes.map((_, n) => n) }],
      nodes,
      meshes: [{ primitives }],
      accessors: [cube],
    });

    expect(facts?.boundingBox).toEqual({ min: [-1, -2, -3], max: [1, 2, 3] });
  });
});

it('counts that are not numbers cost the facts and not the errors', async () => {
  const huge = { type: 'VEC3', componentType: 5126, count: 1.7e308 };
  const primitive = { attributes: { POSITION: 0 } };
  const document = { meshes: [{ primitives: [primitive, primitive] }], accessors: [huge] };

  const report = await validate(new Uint8Array(glbOf({ asset: { version: '2.0' }, ...document })));

  expect(report.facts).toBeUndefined();
  expect(report.validation?.errors).toBeGreaterThan(0);
});
