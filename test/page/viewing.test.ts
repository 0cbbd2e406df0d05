import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished } from 'vitest';
import { cardOf, executablePath, openPage, waitForState } from './browser.ts';
import { writePictures } from './pictures.ts';
import { serveForAll } from './serving.ts';

/** What the viewer shows, as red, green, blue, red, … */
async function pixels(page: Page): Promise<Uint8Array> {
  return await sharp(await page.locator('dialog model-viewer').screenshot())
    .removeAlpha()
    .raw()
    .toBuffer();
}

/** How much more red than blue there is, on average. */
function warmthOf(picture: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < picture.length; at += 3) sum += (picture[at] ?? 0) - (picture[at + 2] ?? 0);
  return (sum * 3) / picture.length;
}

/** The average difference of two pictures, from 0 to 255. */
function differenceOf(one: Uint8Array, other: Uint8Array): number {
  let sum = 0;
  for (const [at, value] of one.entries()) sum += Math.abs(value - (other[at] ?? 0));
  return sum / one.length;
}

describe.skipIf(executablePath === undefined)('a model', () => {
  const serving = serveForAll('oak-chair.png');
  const key = 'oak-chair.png';

  async function openChair(options = {}): Promise<Page> {
    const page = await openPage(serving().page, options);
    if ((await cardOf(page, key).count()) === 0) await page.setInputFiles('#choose', join(serving().folder, key));
    await waitForState(page, key, 'stored');
    await cardOf(page, key).first().click();
    await page.waitForFunction(
      () => Reflect.get(document.querySelector('dialog model-viewer') ?? {}, 'loaded') === true,
    );
    await page.locator('dialog .files').waitFor();
    return page;
  }

  it('shows its surface, its shape alone, or its mesh', async () => {
    const page = await openChair();
    const choose = (look: string) => page.getByLabel('Surface').selectOption(look);
    await expect.poll(async () => warmthOf(await pixels(page))).toBeGreaterThan(8);
    const textured = await pixels(page);

    await choose('clay');
    await expect.poll(async () => warmthOf(await pixels(page))).toBeLessThan(warmthOf(textured) - 2);
    const clay = await pixels(page);
    await choose('wireframe');
    await expect.poll(async () => differenceOf(clay, await pixels(page))).toBeGreaterThan(0.3);
    await choose('textured');
    await expect.poll(async () => differenceOf(textured, await pixels(page))).toBeLessThan(0.2);
  });

  it('has a ruler along three edges, with the size of the file in metres', async () => {
    const page = await openChair();

    await page.getByRole('button', { name: 'Size' }).click();

    await expect.poll(() => page.locator('dialog .measure').allInnerTexts()).toEqual(['0.52 m', '0.936 m', '0.141 m']);
    const length = () =>
      page
        .locator('.ruler line')
        .nth(1)
        .evaluate((line) => Math.abs(Number(line.getAttribute('y2')) - Number(line.getAttribute('y1'))));
    await expect.poll(length).toBeGreaterThan(100);
    await page.getByRole('button', { name: 'Size' }).click();
    expect(await page.locator('.ruler, .measure').count()).toBe(0);
  });

  it('turns by itself until somebody touches it', async () => {
    const page = await openChair({ reducedMotion: 'no-preference' });
    const rotate = page.getByRole('button', { name: 'Rotate' });
    expect(await rotate.getAttribute('aria-pressed')).toBe('true');

    const box = await page.locator('dialog model-viewer').boundingBox();
    const [x, y] = [(box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + (box?.height ?? 0) / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + 80, y, { steps: 8 });
    await page.mouse.up();

    await expect.poll(() => rotate.getAttribute('aria-pressed')).toBe('false');
  });

  it('turns on its card while the pointer is there', async () => {
    const page = await openPage(serving().page, { reducedMotion: 'no-preference' });
    await waitForState(page, key, 'stored');

    await cardOf(page, key).first().locator('.pictures').hover();
    await expect.poll(() => page.locator('.turning').count()).toBe(1);
    await page.mouse.move(5, 5);

    await expect.poll(() => page.locator('.turning').count()).toBe(0);
  });

  it('can be downloaded with all its files, and its address and event copied', async () => {
    const page = await openChair({ permissions: ['clipboard-read', 'clipboard-write'] });
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByText('Download all as ZIP').click(),
    ]);
    const archive = unzipSync(await readFile(await download.path()));
    expect(Object.keys(archive).sort()).toEqual(['manifest.json', 'oak-chair.glb', 'oak-chair.preview.webp']);
    const { assets } = JSON.parse(Buffer.from(archive['manifest.json'] ?? []).toString()) as {
      assets: { key: string; bytes: number }[];
    };
    for (const asset of assets) expect(archive[asset.key.split('/').at(-1) ?? '']).toHaveLength(asset.bytes);

    const copied = async (button: string) => {
      await page.getByRole('button', { name: button }).click();
      return await page.evaluate(() => navigator.clipboard.readText());
    };
    expect(await copied('Copy S3 URI')).toMatch(
      /^s3:\/\/meshdrop-assets\/models\/oak-chair\.png\/oak-chair-.*\/oak-chair\.glb$/,
    );
    expect(JSON.parse(await copied('Copy event'))).toMatchObject({ source: 'meshdrop', 'detail-type': 'Model Stored' });
    expect(await copied('Copy embed code')).toContain('<model-viewer src="oak-chair.glb"');
  });

  it.each(['meshopt.glb', 'draco.glb'])(
    'opens if it is compressed, with a decoder from this server: %s',
    async (name) => {
      const { page: url, endpoint } = serving();
      const { runs } = (await (await fetch(`${url}/runs`)).json()) as {
        runs: { key: string; model?: { key: string } }[];
      };
      const chair = runs.find((run) => run.key === key)?.model?.key ?? '';
      const body = new Uint8Array(await readFile(join(import.meta.dirname, 'models', name)));
      await fetch(`${endpoint}/meshdrop-assets/${chair}`, { method: 'PUT', body });

      const page = await openChair();

      await expect.poll(async () => warmthOf(await pixels(page))).toBeGreaterThan(8);
    },
  );

  it('that could not be fetched is fetched again when somebody asks for it, and not paid again', async () => {
    const { scenario } = serving();
    const control = (faults: readonly object[]) =>
      fetch(`${scenario}/_control`, { method: 'POST', body: JSON.stringify({ faults }) });
    await control([{ on: 'cdn', what: 'wrong-bytes', times: 1_000_000 }]);
    onTestFinished(async () => void (await control([])));
    const page = await openPage(serving().page);
    const [file = ''] = await writePictures(serving().folder, ['broken.png'], 300);
    const jobs = async () =>
      ((await (await fetch(`${scenario}/_control/ledger`)).json()) as { jobs: unknown[] }).jobs.length;

    await page.setInputFiles('#choose', file);
    await waitForState(page, 'broken.png', 'failed');
    const paid = await jobs();
    await control([]);
    await cardOf(page, 'broken.png').getByRole('button', { name: 'Fetch again' }).click();

    await waitForState(page, 'broken.png', 'stored');
    expect(await jobs()).toBe(paid);
  });
});
