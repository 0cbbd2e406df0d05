import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { serveForAll } from './serving.ts';
import { cardOf, executablePath, openPage, recordedStates, recordStates, waitForState } from './browser.ts';

describe.skipIf(executablePath === undefined)('the page', () => {
  const serving = serveForAll('oak-chair.png');

  it('makes a model of a dropped picture, shows each state in order, and turns the model around', {
    timeout: 400_000,
  }, async () => {
    const page = await openPage(serving().page);
    await recordStates(page);

    await page.setInputFiles('#choose', join(serving().folder, 'oak-chair.png'));
    await waitForState(page, 'oak-chair.png', 'stored');

    const seen = await recordedStates(page);
    const order = ['waiting', 'submitting', 'generating', 'storing', 'stored'];
    expect(seen).toEqual(order.filter((state) => seen.includes(state)));
    expect(seen).toEqual(expect.arrayContaining(['generating', 'stored']));

    await cardOf(page, 'oak-chair.png').click();
    const viewer = page.locator('dialog model-viewer');
    await viewer.waitFor();
    await expect.poll(() => viewer.evaluate((element) => Reflect.get(element, 'loaded') === true)).toBe(true);
    await expect.poll(async () => await detailIn(await viewer.screenshot())).toBeGreaterThan(12);
    await expect.poll(() => page.locator('dialog .facts').innerText()).toMatch(/Triangles[\s\S]*valid glTF/);
  });
});

/** How much the pixels of a picture differ: near 0 if nothing is drawn. */
async function detailIn(screenshot: Buffer): Promise<number> {
  const { channels } = await sharp(screenshot).removeAlpha().stats();
  return Math.max(...channels.map(({ stdev }) => stdev));
}
