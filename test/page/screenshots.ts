import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { kill, ready, start } from '../simulation/local-run/service-process.ts';
import { endBrowser, launch } from './chromium.ts';

/** Writes pictures of the page to docs/images, in light and dark and in three sizes. */
const project = join(import.meta.dirname, '..', '..');
const images = join(project, 'docs', 'images');

const SIZES = {
  phone: { width: 390, height: 844 },
  laptop: { width: 1280, height: 800 },
  wide: { width: 1920, height: 1080 },
} as const;

const folder = await mkdtemp(join(tmpdir(), 'meshdrop-screenshots-'));
const child = start(folder, { speed: 100, jobSeconds: 3, renditions: 'web,ar,poster,turntable' });
child.stderr?.resume();

const example = (name: string) => join(project, 'examples', name);

async function shoot(page: Page, name: string): Promise<void> {
  // Lossless PNG files would be ten times as large.
  const file = join(images, `${name}.webp`);
  await sharp(await page.screenshot())
    .webp({ quality: 86 })
    .toFile(file);
  process.stdout.write(`${file.slice(project.length + 1)}\n`);
}

async function open(url: string, size: keyof typeof SIZES, colorScheme: 'light' | 'dark'): Promise<Page> {
  const context = await (await launch()).newContext({
    viewport: SIZES[size],
    colorScheme,
    reducedMotion: 'reduce',
    deviceScaleFactor: size === 'phone' ? 2 : 1,
    hasTouch: size === 'phone',
    isMobile: size === 'phone',
  });
  const page = await context.newPage();
  await page.goto(url);
  await page.waitForSelector('#filters button', { state: 'attached' });
  return page;
}

async function openModel(page: Page): Promise<void> {
  await page.locator('article[data-state="stored"]', { hasText: 'oak-chair' }).first().click();
  await page.waitForFunction(() => Reflect.get(document.querySelector('dialog model-viewer') ?? {}, 'loaded') === true);
  await page.waitForTimeout(2_000);
}

try {
  await mkdir(images, { recursive: true });
  const addresses = await ready(folder, child);
  if (!addresses) throw new Error('the local run did not get ready');
  const { page: url } = addresses;
  const first = await open(url, 'laptop', 'light');
  await shoot(first, 'page-empty');
  const put = async (key: string, body: Buffer) => {
    await fetch(`${url}/uploads/${key.split('/').map(encodeURIComponent).join('/')}`, {
      method: 'PUT',
      body: new Uint8Array(body),
    });
  };
  const setJobSeconds = async (jobSeconds: number) => {
    await fetch(`${addresses.scenario}/_control`, { method: 'POST', body: JSON.stringify({ jobSeconds }) });
  };
  const chair = await readFile(example('oak-chair.png'));
  await put('notes.png', await readFile(example('not-an-image.png')));
  await put('chairs/half an upload.png', chair.subarray(0, chair.length / 2));
  // Long enough for all pictures.
  await setJobSeconds(180);
  for (const [n, name] of ['left', 'right'].entries()) {
    const size = 900 - 100 * n;
    const pot = sharp(example('teapot.jpg'))
      .resize(size, size)
      .flop(n === 0);
    await put(`tableware/pot, ${name}.png`, await pot.png().toBuffer());
  }
  await first.locator('article[data-state="generating"]').nth(1).waitFor({ timeout: 120_000 });
  await first.waitForTimeout(40_000);
  await setJobSeconds(1);
  await put('tableware/teapot.jpg', await readFile(example('teapot.jpg')));
  await put('chairs/oak-chair.png', chair);
  await first.locator('article .result img[src*=".poster."]').nth(1).waitFor({ timeout: 180_000 });

  for (const scheme of ['light', 'dark'] as const)
    for (const size of ['phone', 'laptop', 'wide'] as const) {
      const page = await open(url, size, scheme);
      await page.waitForTimeout(800);
      await shoot(page, `page-runs-${size}-${scheme}`);
      await openModel(page);
      await shoot(page, `page-model-${size}-${scheme}`);
      await page.keyboard.press('Escape');
      await page.click('#show-behind');
      await page.locator('#behind .lit').waitFor();
      await shoot(page, `page-behind-${size}-${scheme}`);
      await page.context().close();
    }
  const options = await open(url, 'laptop', 'light');
  await options.click('#options summary');
  await options.locator('[data-field="generateParts"] select').selectOption('true');
  await shoot(options, 'page-options');
} finally {
  await endBrowser();
  await kill(child, 'SIGTERM');
  await rm(folder, { recursive: true, force: true });
}
