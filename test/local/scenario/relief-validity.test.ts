import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { type ReliefParameters, reliefOf } from '../../../local/scenario/relief/relief.ts';
import { announcingMore } from '../../../local/scenario/relief/relief-glb.ts';
import { validateBytes } from '../khronos-validator.ts';
import { DEFAULTS, drawing, plain, RING } from './pictures.ts';

const IMAGES: Record<string, () => Promise<Buffer>> = {
  'a cut-out': () => drawing(RING),
  'something on white': () => drawing(`<rect width="256" height="256" fill="white"/>${RING}`),
  'a hair on white': () =>
    drawing('<rect width="256" height="256" fill="white"/><rect x="20" y="128" width="200" height="1"/>'),
  dust: () => drawing('<rect width="256" height="256" fill="white"/><rect x="99" y="99" width="6" height="6"/>'),
  'one pixel': () => plain(1, 1),
  'a wide strip': () => plain(4000, 3),
  'a tall strip': () => plain(2, 900),
  nothing: () => plain(64, 64, 0),
  'a photograph': () =>
    sharp({
      create: {
        width: 320,
        height: 200,
        channels: 3,
        background: 'gray',
        noise: { type: 'gaussian', sigma: 60 },
      },
    })
      .jpeg()
      .toBuffer(),
  'a grey WebP': () => drawing(RING).then((png) => sharp(png).greyscale().webp().toBuffer()),
};

const COMBINATIONS: [string, string, Partial<ReliefParameters>][] = [
  ...Object.keys(IMAGES).map((name): [string, string, Partial<ReliefParameters>] => [name, 'by default', {}]),
  ['a cut-out', 'with 500 faces', { faceLimit: 500 }],
  ['a hair on white', 'with 500 faces', { faceLimit: 500 }],
  ['a photograph', 'with 4 faces', { faceLimit: 4 }],
  ['a wide strip', 'with 4 faces', { faceLimit: 4 }],
  ['a cut-out', 'in parts without texture', { textured: false, parts: true }],
];

describe.concurrent('the Khronos validator report for', () => {
  it.each(COMBINATIONS)('%s %s has no errors and no warnings', async (name, _, parameters) => {
    const image = (await IMAGES[name]?.()) ?? Buffer.alloc(0);

    const { model, faceCount } = await reliefOf(image, { ...DEFAULTS, ...parameters });

    const { issues, info } = await validateBytes(model);
    expect(issues.messages.filter((message) => message.severity < 2)).toEqual([]);
    expect([issues.numErrors, issues.numWarnings]).toEqual([0, 0]);
    expect(info.totalTriangleCount).toBe(faceCount);
    expect(faceCount).toBeGreaterThan(0);
    // A closed surface has at least eight triangles.
    expect(faceCount).toBeLessThanOrEqual(Math.max(parameters.faceLimit ?? 20_000, 8));
  });

  it('stays valid with padding bytes', async () => {
    const { model } = await reliefOf(await drawing(RING), DEFAULTS);
    const head = announcingMore(model, 4096);

    const { issues } = await validateBytes(Buffer.concat([head, Buffer.alloc(4096, 7)]));

    expect([issues.numErrors, issues.numWarnings]).toEqual([0, 0]);
  });
});
