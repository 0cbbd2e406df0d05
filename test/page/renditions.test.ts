import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderWith, meshdrop, readyAddresses, serve } from '../local/cli/meshdrop-process.ts';
import { cardOf, executablePath, openPage, waitForState } from './browser.ts';

describe.skipIf(executablePath === undefined)('the page with renditions', () => {
  it('shows the poster, the turntable, the web version, the file for phones, and the rules of each channel', async () => {
    const folder = await folderWith('oak-chair.png');
    const running = meshdrop([...serve, '--renditions', 'web,ar,poster,turntable'], folder);
    const { page: url } = await readyAddresses(join(folder, 'data'), running);
    const page = await openPage(url, { reducedMotion: 'no-preference' });
    await page.click('#options summary');
    await page.fill('#option-height', '95cm');

    await page.setInputFiles('#choose', join(folder, 'oak-chair.png'));
    await waitForState(page, 'oak-chair.png', 'stored');
    const card = cardOf(page, 'oak-chair.png');
    const picture = card.locator('.result img');
    await expect.poll(() => picture.getAttribute('src')).toMatch(/oak-chair\.poster\.webp$/);
    await card.locator('.pictures').hover();
    await expect.poll(() => picture.getAttribute('src')).toMatch(/oak-chair\.turntable\.webp$/);

    await card.click();
    const viewer = page.locator('dialog model-viewer');
    await expect.poll(() => viewer.evaluate((one) => Reflect.get(one, 'loaded') === true)).toBe(true);
    expect(await viewer.getAttribute('src')).toMatch(/oak-chair\.web\.glb$/);
    expect(await viewer.getAttribute('ios-src')).toMatch(/oak-chair\.usdz$/);
    expect(await page.locator('.certificate summary').allInnerTexts()).toEqual([
      '✔ Khronos 3D Commerce',
      '✔ Shopify',
      '✔ Amazon',
      '✔ AR on phones',
    ]);
    expect(await page.locator('.facts').innerText()).toMatch(/0\.528 × 0\.95 × 0\.143 m, as asked for/);
    await page.getByLabel('Version').selectOption({ label: 'Original' });
    await expect.poll(() => viewer.getAttribute('src')).toMatch(/oak-chair\.glb$/);
  });
});
