import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { cardOf, executablePath, openPage, waitForState } from './browser.ts';
import { picture, writePictures } from './pictures.ts';
import { serveForAll } from './serving.ts';

describe.skipIf(executablePath === undefined)('what somebody drops', () => {
  const serving = serveForAll('oak-chair.png', 'not-an-image.png');
  const problems = (page: Page) => page.locator('#problems li');

  it('becomes a run from a folder, with the path as its key', async () => {
    const page = await openPage(serving().page);
    const folder = join(serving().folder, 'shop');
    await writePictures(folder, ['chairs/oak one.png', 'chairs/ümläut.png', 'lamps/desk.png'], 100);
    await writeFile(join(folder, '.DS_Store'), 'what a Mac leaves behind');

    await page.setInputFiles('#choose-folder', folder);

    for (const key of ['shop/chairs/oak one.png', 'shop/chairs/ümläut.png', 'shop/lamps/desk.png'])
      await waitForState(page, key, 'stored');
    await expect.poll(() => problems(page).allInnerTexts()).toHaveLength(1);
    expect(await problems(page).innerText()).toMatch(/shop\/\.DS_Store was not uploaded: .*(ignores|not a JPEG)/);
    await page.check('#group');
    expect(await page.locator('.group h2').allInnerTexts()).toEqual(
      expect.arrayContaining(['shop/chairs/', 'shop/lamps/']),
    );
  });

  it.each([
    ['dropped', 'drop'],
    ['pasted', 'paste'],
  ])('becomes a run if it is %s', async (_, type) => {
    const page = await openPage(serving().page);
    const bytes = [...(await picture(type.length))];
    const name = `${type}ped.png`;

    await page.evaluate(
      ([kind, file, content]) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(content)], file, { type: 'image/png' }));
        const options = { bubbles: true, cancelable: true };
        document.body.dispatchEvent(
          kind === 'drop'
            ? new DragEvent('drop', { ...options, dataTransfer: data })
            : new ClipboardEvent('paste', { ...options, clipboardData: data }),
        );
      },
      [type, name, bytes] as const,
    );

    await waitForState(page, name, 'stored');
    expect(await problems(page).count()).toBe(0);
  });

  it('is refused before it is sent, in the words of Meshdrop, and takes nothing else with it', async () => {
    const page = await openPage(serving().page);
    const { folder } = serving();
    await writeFile(join(folder, 'photo.heic'), Buffer.from('\0\0\0\x18ftypheic\0\0\0\0heicmif1', 'latin1'));
    await writeFile(join(folder, 'empty.png'), '');
    await writeFile(join(folder, 'oak.png.part'), await picture(7));
    await writePictures(folder, ['fine.png'], 61);
    const sent: string[] = [];
    page.on('request', (request) => void (request.method() === 'PUT' && sent.push(new URL(request.url()).pathname)));

    const names = ['photo.heic', 'empty.png', 'oak.png.part', 'not-an-image.png', 'fine.png'];
    await page.setInputFiles(
      '#choose',
      names.map((name) => join(folder, name)),
    );

    await waitForState(page, 'fine.png', 'stored');
    await expect
      .poll(() => problems(page).allInnerTexts())
      .toEqual(
        expect.arrayContaining([
          expect.stringMatching(/photo\.heic was not uploaded: .*HEIC.*JPEG/s) as string,
          expect.stringMatching(/empty\.png was not uploaded: the file is empty/) as string,
          expect.stringMatching(/oak\.png\.part was not uploaded: the name is one/) as string,
          expect.stringMatching(/not-an-image\.png was not uploaded: .*not a JPEG, PNG or WebP image/) as string,
        ]),
      );
    expect(sent).toEqual(['/uploads/fine.png']);
  });

  it('is refused for its size in pixels, with both numbers', async () => {
    const page = await openPage(serving().page);
    const { folder } = serving();
    const tiny = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>';
    await writeFile(
      join(folder, 'tiny.png'),
      await (await import('sharp')).default(Buffer.from(tiny)).png().toBuffer(),
    );

    await page.setInputFiles('#choose', join(folder, 'tiny.png'));

    await expect
      .poll(() => problems(page).allInnerTexts())
      .toEqual([expect.stringMatching(/9 × 9 pixels; each side must have at least 20/)]);
  });

  it('is rejected with a reason and a way on if only Meshdrop can see what is wrong', async () => {
    const page = await openPage(serving().page);
    const { folder } = serving();
    const whole = await readFile(join(folder, 'oak-chair.png'));
    await writeFile(join(folder, 'half.png'), whole.subarray(0, whole.length / 2));

    await page.setInputFiles('#choose', join(folder, 'half.png'));
    await waitForState(page, 'half.png', 'rejected');

    const card = cardOf(page, 'half.png');
    expect(await card.locator('.reason').innerText()).toMatch(/^The PNG image ends in the middle/);
    expect(await card.locator('.hint').innerText()).toMatch(/^Upload the image again/);
    expect(await card.locator('.detail').innerText()).toMatch(/0 CU/);
  });

  it('gets the options, of which some exclude each other, with the reason', async () => {
    const page = await openPage(serving().page);
    await mkdir(join(serving().folder, 'options'), { recursive: true });
    const [file = ''] = await writePictures(serving().folder, ['options/quad.png'], 70);
    await page.click('#options summary');
    const field = (name: string) => page.locator(`[data-field="${name}"]`);

    await field('generateParts').locator('select').selectOption('true');
    expect(await field('quad').locator('option[value="true"]').isDisabled()).toBe(true);
    expect(await field('quad').locator('.why').innerText()).toContain('separate parts cannot be a quad mesh');
    await field('generateParts').locator('select').selectOption('');
    await field('quad').locator('select').selectOption('true');
    await field('faceLimit').locator('input').fill('900000');
    expect(await field('faceLimit').locator('.why').innerText()).toMatch(/150,000/);
    await field('faceLimit').locator('input').fill('9000');
    await page.fill('input[name="folder"]', 'meshes');
    await page.setInputFiles('#choose', file);
    await waitForState(page, 'meshes/quad.png', 'stored');

    await cardOf(page, 'meshes/quad.png').click();
    await expect.poll(() => page.locator('dialog .honest').innerText()).toContain('Browsers cannot show FBX files');
    await page.locator('dialog summary', { hasText: 'Parameters' }).click();
    expect(await page.locator('dialog .facts').innerText()).toMatch(/Face limit\s+9000/);
  });
});
