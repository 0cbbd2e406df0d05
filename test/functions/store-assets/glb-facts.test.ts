import { describe, expect, it } from 'vitest';
import type { ModelFacts } from '../../../functions/shared/asset.ts';
import { factsOf } from '../../../functions/store-assets/glb-document.ts';
import { GlbStream } from '../../../functions/store-assets/glb-stream.ts';
import { jpeg, png } from '../images.ts';
import { glbOf } from './glb.ts';

function factsIn(document: Record<string, unknown>, binary?: Uint8Array): ModelFacts | undefined {
  const stream = new GlbStream();
  // In pieces that fit nothing, so that everything is split somewhere.
  const file = glbOf({ asset: { version: '2.0' }, ...document }, binary);
  for (let at = 0; at < file.length; at += 7) stream.update(file.subarray(at, at + 7));
  expect(stream.problem()).toBeUndefined();
  const parts = stream.parts();
  return parts && factsOf(parts);
}

const cube = { count: 24, min: [-1, -2, -3], max: [1, 2, 3] };
const mesh = { primitives: [{ attributes: { POSITION: 0 }, indices: 1 }] };
const shown = (
  nodes: readonly Record<string, unknown>[],
  accessors: readonly unknown[] = [cube, { count: 36 }],
) => factsIn({ scene: 0, scenes: [{ nodes: [0] }], nodes, meshes: [mesh], accessors })?.boundingBox;

describe('the triangles of a GLB', () => {
  it('are counted from indices or corners, by the kind of primitive, each mesh once', () => {
    const primitive = (mode: number | undefined, indices?: number) => ({
      attributes: { POSITION: 0 },
      ...(mode !== undefined && { mode }),
      ...(indices !== undefined && { indices }),
    });
    const primitives = [primitive(undefined, 1), primitive(4), primitive(5), primitive(6), primitive(1)];

    const facts = factsIn({
      meshes: [{ primitives }],
      accessors: [{ count: 24 }, { count: 36 }],
      materials: [{}, {}],
    });

    expect(facts).toMatchObject({ triangles: 12 + 8 + 22 + 22, vertices: 5 * 24, materials: 2 });
  });
});

describe('the textures of a GLB', () => {
  it('have the size that their own bytes say, wherever they lie', async () => {
    const [first, second] = [await png(), await jpeg()];
    const bufferViews = [
      { byteOffset: first.length, byteLength: second.length },
      { byteLength: first.length },
    ];
    const images = [
      { bufferView: 0, mimeType: 'image/jpeg' },
      { bufferView: 1, mimeType: 'image/png' },
      { uri: 'a.png' },
    ];

    const facts = factsIn({ bufferViews, images }, Buffer.concat([first, second]));

    const size = { width: expect.any(Number) as number, height: expect.any(Number) as number };
    expect(facts?.textures).toEqual([
      { contentType: 'image/jpeg', bytes: second.length, ...size },
      { contentType: 'image/png', bytes: first.length, ...size },
      {},
    ]);
  });
});

describe('the bounding box of a GLB', () => {
  it('is that of its points', () => {
    expect(shown([{ mesh: 0 }])).toEqual({ min: [-1, -2, -3], max: [1, 2, 3] });
  });

  it('is moved, turned and scaled with the nodes above', () => {
    const quarterTurn = { rotation: [0, 0, Math.SQRT1_2, Math.SQRT1_2] };

    const box = shown([
      { children: [1], translation: [10, 0, 0], scale: [2, 2, 2] },
      { mesh: 0, ...quarterTurn },
    ]);

    expect(box?.min.map((value) => Math.round(value * 1e6) / 1e6)).toEqual([6, -2, -6]);
    expect(box?.max.map((value) => Math.round(value * 1e6) / 1e6)).toEqual([14, 2, 6]);
  });

  it('follows a matrix in place of the three', () => {
    const matrix = [0.5, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 0.5, 0, 1, 1, 1, 1];

    expect(shown([{ mesh: 0, matrix }])).toEqual({ min: [0.5, 0, -0.5], max: [1.5, 2, 2.5] });
  });

  it('knows numbers that stand for fractions', () => {
    const packed = {
      ...cube,
      componentType: 5122,
      normalized: true,
      min: [-32767, 0, 0],
      max: [32767, 0, 0],
    };

    expect(shown([{ mesh: 0 }], [packed])).toEqual({ min: [-1, 0, 0], max: [1, 0, 0] });
  });

  it('holds nothing that the scene does not show', () => {
    const aside = { mesh: 0, translation: [99, 0, 0] };

    expect(shown([{ mesh: 0 }, aside])).toEqual({ min: [-1, -2, -3], max: [1, 2, 3] });
    expect(shown([{}, aside])).toBeUndefined();
  });
});
