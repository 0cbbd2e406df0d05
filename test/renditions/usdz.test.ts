import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import { endBrowser, executablePath, launch } from '../page/chromium.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { runOne } from './run-one.ts';
import { openInTinyUsdz } from './tiny-usdz.ts';

/** What three.js makes of a USDZ file. */
interface Opened {
  readonly meshes: number;
  readonly triangles: number;
  readonly textures: number;
  readonly min: readonly number[];
  readonly max: readonly number[];
}

const NAMES = [
  'vase-20000',
  'alpha-mask',
  'skin',
  'eight-materials',
  'vertex-colors',
  'names',
  'negative-scale',
  'emissive',
];

async function usdzOf(name: string): Promise<{ readonly file: Buffer; readonly triangles: number | undefined }> {
  const folder = await temporaryFolder();
  const { triangles } = await runOne(name, folder);
  return { file: await readFile(join(folder, `${name}.usdz`)), triangles };
}

afterAll(endBrowser);

describe('a file for phones', () => {
  it.each(NAMES)('opens in tinyusdz and in three.js, stands at the origin, and has its triangles: %s', async (name) => {
    const { file, triangles } = await usdzOf(name);

    expect(await openInTinyUsdz(file)).toMatchObject({ error: '', hasMeshes: true });
    if (executablePath === undefined) return;
    const opened = await openInThree(file);

    expect(opened.triangles).toBe(triangles);
    expect(opened.min[1]).toBeCloseTo(0, 3);
    expect(Math.max(...opened.max.map((value, n) => value - (opened.min[n] ?? 0)))).toBeCloseTo(1, 3);
    expect((opened.min[0] ?? 0) + (opened.max[0] ?? 0)).toBeCloseTo(0, 3);
  });

  it('has files that begin at multiples of 64 bytes, none of them compressed', async () => {
    const { file } = await usdzOf('vase-20000');

    let at = 0;
    const names: string[] = [];
    while (file.readUInt32LE(at) === 0x04034b50) {
      const [method, bytes] = [file.readUInt16LE(at + 8), file.readUInt32LE(at + 18)];
      const start = at + 30 + file.readUInt16LE(at + 26) + file.readUInt16LE(at + 28);
      names.push(file.subarray(at + 30, at + 30 + file.readUInt16LE(at + 26)).toString());
      expect([method, start % 64]).toEqual([0, 0]);
      at = start + bytes;
    }
    expect(names).toEqual(['scene.usda', 'textures/0.jpg']);
  });
});

async function openInThree(file: Buffer): Promise<Opened> {
  const entry = join(import.meta.dirname, 'usd-in-browser.mjs');
  const { outputFiles } = await build({ entryPoints: [entry], bundle: true, format: 'iife', write: false });
  const page = await (await launch()).newPage();
  try {
    await page.addScriptTag({ content: outputFiles[0]?.text ?? '' });
    const opened = await page.evaluate(
      (base64) => (globalThis as unknown as { openUsd: (file: string) => Promise<Opened> }).openUsd(base64),
      file.toString('base64'),
    );
    return opened;
  } finally {
    await page.close();
  }
}
