import { describe, expect, it } from 'vitest';
import { executablePath, openPage } from './browser.ts';
import { writePictures } from './pictures.ts';
import { serveForAll } from './serving.ts';

describe.skipIf(executablePath === undefined)('three hundred pictures at once', () => {
  const serving = serveForAll();

  it('are counted, become cards, and can be searched and filtered', async () => {
    const page = await openPage(serving().page);
    const names = Array.from({ length: 300 }, (_, n) => `set ${n % 3}/picture ${n}.png`);
    const files = await writePictures(
      serving().folder,
      names.map((name) => name.replace('/', '-')),
      200,
    );

    await page.setInputFiles('#choose', files);
    await expect.poll(() => page.locator('#progress').innerText()).toMatch(/^Uploading \d+ of 300, about 11,?250 CU$/);
    await expect.poll(() => page.locator('article').count()).toBe(300);
    await expect.poll(() => page.locator('#progress').innerText()).toBe('');
    expect(await page.locator('#problems li').count()).toBe(0);

    await page.fill('#search', 'picture 299');
    expect(await page.locator('article:visible').count()).toBe(1);
    await page.fill('#search', '');
    await expect.poll(() => page.locator('article[data-state="stored"]').count()).toBeGreaterThan(20);
    await page.getByRole('button', { name: /^Stored/ }).click();
    const states = await page
      .locator('article:visible')
      .evaluateAll((cards) => cards.map((card) => card.getAttribute('data-state')));
    expect(new Set(states)).toEqual(new Set(['stored']));
    // The rest waits in order, and says its place.
    await page.getByRole('button', { name: /^All/ }).click();
    const waiting = page.locator('article[data-state="waiting"] .detail');
    await expect.poll(() => waiting.allInnerTexts()).toContainEqual(expect.stringMatching(/^number \d+/));
  });
});
