import { NodeIO } from '@gltf-transform/core';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { type ReliefParameters, reliefOf } from '../../../local/scenario/relief/relief.ts';
import { DEFAULTS, drawing, plain, RING } from './pictures.ts';

describe.concurrent('a relief', () => {
  const ring = drawing(RING);
  const usual = ring.then((image) => reliefOf(image, DEFAULTS));

  it('is closed: each edge belongs to two triangles that traverse it in opposite directions', async () => {
    const { indices } = await geometryOf(await reliefOf(await ring, { ...DEFAULTS, faceLimit: 3000 }));
    const edges = new Set<string>();
    for (let i = 0; i < indices.length; i += 3) {
      for (const [a, b] of [
        [0, 1],
        [1, 2],
        [2, 0],
      ] as const)
        edges.add(`${indices[i + a]}>${indices[i + b]}`);
    }

    const open = [...edges].filter((edge) => !edges.has(edge.split('>').toReversed().join('>')));

    expect(edges.size).toBe(indices.length);
    expect(open).toEqual([]);
  });

  it('is repeatable, and differs with another seed or face limit', async () => {
    const isUsual = async (change: Partial<ReliefParameters>) =>
      Buffer.from((await reliefOf(await ring, { ...DEFAULTS, ...change })).model).equals((await usual).model);

    expect(await isUsual({})).toBe(true);
    expect(await isUsual({ seed: DEFAULTS.seed + 1 })).toBe(false);
    expect(await isUsual({ faceLimit: 900 })).toBe(false);
  });

  it('keeps the hole in the middle open, also with a plain background', async () => {
    const onWhite = await reliefOf(await drawing(`<rect width="256" height="256" fill="white"/>${RING}`), DEFAULTS);

    for (const relief of [await usual, onWhite]) {
      const { positions } = await geometryOf(relief);
      let nearest = Infinity;
      for (let i = 0; i < positions.length; i += 3) {
        nearest = Math.min(nearest, Math.hypot(positions[i] ?? 0, positions[i + 1] ?? 0));
      }
      expect(nearest).toBeGreaterThan(0.2);
    }
  });

  it('keeps its proportions, has a size in meters with autoSize, and is an FBX with quad', async () => {
    const wide = await plain(300, 100);
    const plainly = await reliefOf(wide, DEFAULTS);
    const sized = await reliefOf(wide, { ...DEFAULTS, autoSize: true });
    const quad = await reliefOf(wide, { ...DEFAULTS, quad: true });

    const [width, height] = plainly.dimensions;
    expect(width).toBeCloseTo(1, 1);
    expect(width / height).toBeCloseTo(3, 0);
    expect(sized.dimensions[0]).toBeCloseTo(width / 2, 2);
    expect(Buffer.from(quad.model).toString('latin1', 0, 18)).toBe('Kaydara FBX Binary');
  });

  it('comes with images of 512 and 256 px', async () => {
    const { preview, thumbnail } = await usual;

    expect(await sharp(preview).metadata()).toMatchObject({ format: 'webp', width: 512, height: 512 });
    expect(await sharp(thumbnail).metadata()).toMatchObject({ format: 'jpeg', width: 256, height: 256 });
  });
});

// Runs after the concurrent tests, so that the CPU time of this process is its own. A clock would also count other
// processes.
it('a relief of a 48-megapixel image takes a bounded time', async () => {
  const huge = await sharp({ create: { width: 8000, height: 6000, channels: 3, background: '#3cc' } })
    .jpeg()
    .toBuffer();
  const began = process.cpuUsage();

  await reliefOf(huge, DEFAULTS);

  const { user, system } = process.cpuUsage(began);
  expect((user + system) / 1_000_000).toBeLessThan(5);
});

async function geometryOf({ model }: { readonly model: Uint8Array }) {
  const [mesh] = (await new NodeIO().readBinary(model)).getRoot().listMeshes();
  const [primitive] = mesh?.listPrimitives() ?? [];
  return {
    indices: [...(primitive?.getIndices()?.getArray() ?? [])],
    positions: [...(primitive?.getAttribute('POSITION')?.getArray() ?? [])],
  };
}
