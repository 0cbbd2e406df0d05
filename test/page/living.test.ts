import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { meshdrop, readyAddresses, serve } from '../local/cli/meshdrop-process.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { cardOf, executablePath, openPage, waitForState } from './browser.ts';
import { writePictures } from './pictures.ts';
import { serveForAll } from './serving.ts';

describe.skipIf(executablePath === undefined)('the page', () => {
  const serving = serveForAll();
  const setMoods = async (...moods: readonly string[]) => {
    await fetch(`${serving().page}/moods`, { method: 'POST', body: JSON.stringify({ moods }) });
  };

  it('shows the same in two tabs, and after a reload in the middle', async () => {
    const [one, other] = [await openPage(serving().page), await openPage(serving().page)];
    const [file = ''] = await writePictures(serving().folder, ['two-tabs.png'], 1);
    await setMoods('slow');
    onTestFinished(() => setMoods());

    await one.setInputFiles('#choose', file);
    await waitForState(other, 'two-tabs.png', 'generating');
    await one.reload();
    await waitForState(one, 'two-tabs.png', 'generating');

    expect(await one.locator('article').count()).toBe(1);
    expect(await other.locator('article').count()).toBe(1);
  });

  it('keeps the focus, the selection, and every click while runs change', async () => {
    const page = await openPage(serving().page);
    await setMoods();
    const files = await writePictures(serving().folder, ['focus-1.png', 'focus-2.png', 'focus-3.png'], 20);
    await page.setInputFiles('#choose', files[0] ?? '');
    await cardOf(page, 'focus-1.png').waitFor();
    await page.fill('#search', 'focus');
    await page.locator('#search').selectText();

    await page.setInputFiles('#choose', files.slice(1));
    for (const n of [1, 2, 3]) await waitForState(page, `focus-${n}.png`, 'stored');

    const kept = await page.evaluate(() => {
      const { activeElement } = document;
      return activeElement instanceof HTMLInputElement ? [activeElement.id, activeElement.selectionEnd] : [];
    });
    expect(kept).toEqual(['search', 'focus'.length]);
  });

  it('tells runs of one name apart, and compares their models side by side', async () => {
    const page = await openPage(serving().page);
    const [file = ''] = await writePictures(serving().folder, ['same.png'], 40);
    await page.click('#options summary');
    await page.selectOption('#option-on-duplicate', 'regenerate');
    await page.setInputFiles('#choose', file);
    await waitForState(page, 'same.png', 'stored');
    await page.setInputFiles('#choose', file);
    await expect.poll(() => cardOf(page, 'same.png').and(page.locator('[data-state="stored"]')).count()).toBe(2);

    expect(await cardOf(page, 'same.png').locator('.which').allInnerTexts()).toEqual([
      expect.stringMatching(/^Upload 2 of 2/),
      expect.stringMatching(/^Upload 1 of 2/),
    ]);
    await cardOf(page, 'same.png').first().click();
    await page.locator('dialog model-viewer').waitFor();
    await page.getByLabel('Compare with').selectOption({ index: 1 });
    await expect.poll(() => page.locator('dialog model-viewer').count()).toBe(2);
  });

  it('shows who waits while only one job runs, and in which place', async () => {
    const page = await openPage(serving().page);
    const names = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => `busy-${n}.png`);
    const files = await writePictures(serving().folder, names, 50);
    await setMoods('busy', 'slow');
    onTestFinished(() => setMoods());

    await page.setInputFiles('#choose', files);

    await expect.poll(() => page.locator('article[data-state="generating"]').count()).toBeGreaterThan(0);
    await expect
      .poll(() => page.locator('article[data-state="waiting"] .detail').allInnerTexts())
      .toContainEqual(expect.stringMatching(/^number \d/));
  });

  it('shows a job that fails, and tries again when somebody asks for it', async () => {
    const page = await openPage(serving().page);
    const [file = ''] = await writePictures(serving().folder, ['unlucky.png'], 90);
    await page.click('#show-behind');
    await page.getByText('Every job fails and is refunded').click();
    onTestFinished(() => setMoods());
    await page.locator('#behind').getByText('Close').click();

    await page.setInputFiles('#choose', file);
    await waitForState(page, 'unlucky.png', 'failed');
    const failed = cardOf(page, 'unlucky.png');
    expect(await failed.locator('.reason').innerText()).not.toBe('');
    expect(await failed.locator('.detail').innerText()).toMatch(/ 0 CU$/);
    await setMoods();
    await failed.getByRole('button', { name: 'Try again' }).click();

    await waitForState(page, 'unlucky.png', 'stored');
  });

  it.each(['losing-answers', 'expired-links'])('survives a bad day: %s', async (mood) => {
    const page = await openPage(serving().page);
    const [file = ''] = await writePictures(serving().folder, [`${mood}.png`], mood.length * 11);
    await setMoods(mood);
    onTestFinished(() => setMoods());

    await page.setInputFiles('#choose', file);

    await waitForState(page, `${mood}.png`, 'stored');
    expect(await page.locator('#problems li').count()).toBe(0);
  });

  it('lights the current state behind the scenes, and shows events as they were published', async () => {
    const page = await openPage(serving().page);
    const [file = ''] = await writePictures(serving().folder, ['lit.png'], 120);
    await setMoods('slow');
    onTestFinished(() => setMoods());
    await page.click('#show-behind');

    await page.setInputFiles('#choose', file);

    await expect.poll(() => page.locator('#behind .lit text').allInnerTexts()).toHaveLength(1);
    await expect
      .poll(() => page.locator('#behind .events summary').allInnerTexts())
      .toEqual(expect.arrayContaining([expect.stringContaining('Object Created')]));
  });
});

it.skipIf(executablePath === undefined)('says that Meshdrop is gone, and goes on as soon as it is back', async () => {
  const folder = await temporaryFolder();
  const [file = ''] = await writePictures(folder, ['back.png'], 130);
  const options = ['--port', '0', '--speed', '100', '--job-seconds', '0.3', '--data', 'data', '--out', 'out'];
  const first = meshdrop([...options, '--page-port', '0'], folder);
  const { page: url } = await readyAddresses(join(folder, 'data'), first);
  const page = await openPage(url, { expectsErrors: true });
  await page.setInputFiles('#choose', file);
  await cardOf(page, 'back.png').waitFor();

  first.process.kill('SIGKILL');
  await first.ended;
  await page.locator('#offline').waitFor({ state: 'visible' });
  const second = meshdrop([...options, '--page-port', new URL(url).port], folder);
  await readyAddresses(join(folder, 'data'), second);

  await waitForState(page, 'back.png', 'stored');
  expect(await page.locator('#offline').isVisible()).toBe(false);
});

it.skipIf(executablePath === undefined)(
  'says why uploads are held, and what to do, also for those behind',
  async () => {
    const folder = await temporaryFolder();
    const files = await writePictures(folder, ['one.png', 'two.png', 'three.png', 'four.png'], 140);
    const running = meshdrop(serve, folder);
    const { page: url } = await readyAddresses(join(folder, 'data'), running);
    await fetch(`${url}/moods`, { method: 'POST', body: JSON.stringify({ moods: ['no-credits'] }) });
    const page = await openPage(url);

    await page.setInputFiles('#choose', files);

    const held = page.locator('article[data-state="held"]').first();
    await held.waitFor();
    expect(await held.locator('.reason').innerText()).toMatch(/credits|compute units/i);
    expect(await held.locator('.hint').innerText()).toMatch(/^Buy credits/);
    await expect.poll(() => page.locator('#held').innerText()).toMatch(/^4 uploads wait: .*Buy credits/s);
  },
);
