import { createServer } from 'node:http';
import { source } from 'axe-core';
import type { Page } from 'playwright-core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bundleClient } from '../../local/page/viewer-files.ts';
import { cardOf, executablePath, openPage, waitForState } from './browser.ts';
import { writePictures } from './pictures.ts';
import { serveForAll } from './serving.ts';

/** The rules of axe that the page breaks seriously, with the elements. */
async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(source);
  return await page.evaluate(async () => {
    interface Results {
      readonly passes: readonly unknown[];
      readonly violations: {
        readonly id: string;
        readonly impact: string;
        readonly nodes: { readonly html: string }[];
      }[];
    }
    const { axe: tool } = globalThis as unknown as { axe: { run(): Promise<Results> } };
    const found = await tool.run();
    // It has looked at something.
    if (found.passes.length < 10) throw new Error('axe has checked too little');
    return found.violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`);
  });
}

const PHONE = { width: 390, height: 844 };
const LONG = `${'a-very-long-name-without-a-space-'.repeat(6)}.png`;
const FOREIGN = 'صورة كرسي خشبي 木の椅子 деревянный стул.png';

describe.skipIf(executablePath === undefined)('the page', () => {
  const serving = serveForAll('not-an-image.png');

  it('fits a phone, also with long names and other scripts', async () => {
    const page = await openPage(serving().page, { viewport: PHONE, hasTouch: true, isMobile: true });
    const files = await writePictures(serving().folder, [LONG, FOREIGN], 1);
    await page.setInputFiles('#choose', files);
    for (const key of [LONG, FOREIGN]) await waitForState(page, key, 'stored');

    const overflow = () =>
      page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(await overflow()).toBe(0);
    expect(await page.locator('.on-phones').isVisible()).toBe(true);
    await cardOf(page, LONG).click();
    await page.locator('dialog .facts dl').first().waitFor();
    expect(
      await page.evaluate(() => {
        const dialog = document.querySelector('dialog[open]');
        return dialog ? dialog.scrollWidth - dialog.clientWidth : -1;
      }),
    ).toBe(0);
  });

  it('is light or dark, as the system is', async () => {
    const colors = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await openPage(serving().page, { colorScheme });
      colors.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
    }

    expect(colors[0]).not.toBe(colors[1]);
  });

  it.each(['light', 'dark'] as const)(
    'has no serious issue for people who use other tools: %s',
    async (colorScheme) => {
      const page = await openPage(serving().page, { colorScheme });
      const [file = ''] = await writePictures(serving().folder, [`axe-${colorScheme}.png`], colorScheme.length * 13);
      await page.setInputFiles('#choose', [file, `${serving().folder}/not-an-image.png`]);
      await waitForState(page, `axe-${colorScheme}.png`, 'stored');
      await page.click('#options summary');
      expect(await violations(page)).toEqual([]);
      await page.click('#show-behind');
      await page.locator('#behind svg').waitFor();
      expect(await violations(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await cardOf(page, `axe-${colorScheme}.png`).click();
      await page.locator('dialog .files').waitFor();
      expect(await violations(page)).toEqual([]);
    },
  );

  it('needs no mouse: a keyboard is enough to open a model, to look at it, and to go back', async () => {
    const page = await openPage(serving().page);
    const [file = ''] = await writePictures(serving().folder, ['keyboard.png'], 33);
    await page.setInputFiles('#choose', file);
    await waitForState(page, 'keyboard.png', 'stored');

    await tabTo(page, 'keyboard.png: Stored. Open.');
    await page.keyboard.press('Enter');
    await page.locator('dialog model-viewer').waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => page.locator('dialog[open]').count()).toBe(0);

    const focused = await page.evaluate(() => document.activeElement?.getAttribute('aria-label'));
    expect(focused).toBe('keyboard.png: Stored. Open.');
  });

  it('never makes markup of a name', async () => {
    const page = await openPage(serving().page);
    const key = '<img src=x onerror="globalThis.hacked=1">.png';
    const { page: url } = serving();

    await fetch(`${url}/uploads/${encodeURIComponent(key)}`, {
      method: 'PUT',
      body: '<script>globalThis.hacked=1</script>',
    });
    await page.locator('article', { hasText: 'onerror' }).and(page.locator('[data-state="rejected"]')).waitFor();
    await page.locator('article', { hasText: 'onerror' }).click();

    await expect.poll(() => page.locator('dialog h2').innerText()).toContain(key);
    expect(await page.evaluate(() => 'hacked' in globalThis)).toBe(false);
  });

  it('cannot be framed by a foreign page, which can change nothing either', async () => {
    const { page: url } = serving();
    const foreign = createServer((_, response) => {
      const attack = `fetch(${JSON.stringify(`${url}/uploads/foreign.png`)}, { method: 'PUT', mode: 'no-cors', body: 'x' }).catch(() => 0); fetch(${JSON.stringify(`${url}/moods`)}, { method: 'POST', mode: 'no-cors', body: '{"moods":["failing"]}' }).catch(() => 0)`;
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end(`<iframe src="${url}"></iframe><script>${attack}</script>`);
    });
    await new Promise<void>((resolve) => foreign.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void foreign.close());
    const address = foreign.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const own = await openPage(url, { expectsErrors: true });

    await own.goto(`http://127.0.0.1:${port}/`);
    await own.waitForLoadState('networkidle');

    const framed = await Promise.all(
      own.frames().map((frame) =>
        frame
          .locator('#drop')
          .count()
          .catch(() => 0),
      ),
    );
    expect(framed).toEqual(framed.map(() => 0));
    const { runs } = (await (await fetch(`${url}/runs`)).json()) as { runs: { key: string }[] };
    expect(runs.map(({ key }) => key)).not.toContain('foreign.png');
    const { moods } = (await (await fetch(`${url}/behind`)).json()) as { moods: { isOn: boolean }[] };
    expect(moods.some(({ isOn }) => isOn)).toBe(false);
  });

  it('has less than 80 KB of code of its own', async () => {
    expect(Buffer.byteLength(await bundleClient())).toBeLessThan(80_000);
  });
});

async function tabTo(page: Page, label: string): Promise<void> {
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press('Tab');
    if ((await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))) === label) return;
  }
  throw new Error(`no Tab leads to ${label}`);
}
