import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleClient } from '../../local/page/viewer-files.ts';
import { kill, ready, start } from '../simulation/local-run/service-process.ts';
import { endBrowser, launch, launchWithout3d } from './chromium.ts';
import { picture, writePictures } from './pictures.ts';

/** Measures the page in a browser: first paint, time until a model is on screen, and scrolling past a thousand cards. */
const CARDS = 1_000;

const folder = await mkdtemp(join(tmpdir(), 'meshdrop-measure-'));
// One model is made. The other pictures wait for the next day, so that only the page has work to do.
const child = start(folder, { speed: 100, jobSeconds: 0.3, more: ['--max-cu', '40'] });
child.stderr?.resume();
try {
  const addresses = await ready(folder, child);
  if (!addresses) throw new Error('the local run did not get ready');
  const page = await (await launch()).newPage({ viewport: { width: 1280, height: 800 } });
  // The first visit bundles the page, and starts the browser's own processes.
  await page.goto(addresses.page);
  await page.waitForTimeout(5_000);
  await page.goto(addresses.page);
  await page.waitForSelector('#filters button', { state: 'attached' });
  const paint = await page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        new PerformanceObserver((list) => {
          const [entry] = list.getEntriesByName('first-contentful-paint');
          if (entry) resolve(entry.startTime);
        }).observe({ type: 'paint', buffered: true });
      }),
  );

  const [file = ''] = await writePictures(folder, ['first.png'], 1);
  await page.setInputFiles('#choose', file);
  await page.locator('article[data-state="stored"]').waitFor();
  const opened = Date.now();
  await page.locator('article').click();
  await page.waitForFunction(() => Reflect.get(document.querySelector('dialog model-viewer') ?? {}, 'loaded') === true);
  const shown = Date.now() - opened;
  await page.keyboard.press('Escape');

  let next = 2;
  const drop = async () => {
    for (let n = next++; n <= CARDS; n = next++)
      await fetch(`${addresses.page}/uploads/many/${n}.png`, { method: 'PUT', body: new Uint8Array(await picture(n)) });
  };
  await Promise.all(Array.from({ length: 8 }, drop));
  const flat = await launchWithout3d();
  const list = await flat.newPage({ viewport: { width: 1280, height: 800 } });
  await list.goto(addresses.page);
  await list.waitForFunction((count) => document.querySelectorAll('article').length >= count, CARDS);
  const frames = await list.evaluate(async () => {
    const times: number[] = [];
    // Two notches of a wheel for each frame, past some fifty cards.
    for (let n = 0; n <= 120; n += 1) {
      scrollBy(0, 48);
      times.push(await new Promise<number>((resolve) => requestAnimationFrame(resolve)));
    }
    return times.slice(1).map((time, n) => time - (times[n] ?? 0));
  });
  await flat.close();
  const sorted = frames.toSorted((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor(share * (sorted.length - 1))] ?? NaN).toFixed(1);
  const lines = [
    ['first contentful paint', `${paint.toFixed(0)} ms`],
    ['from a click to the model on screen, with the viewer loaded for the first time', `${shown} ms`],
    [
      `a frame while scrolling past ${CARDS} cards: median, 95th percentile, longest`,
      `${at(0.5)}, ${at(0.95)}, ${at(1)} ms`,
    ],
    ['code of the page, minified', `${Buffer.byteLength(await bundleClient()).toLocaleString('en')} bytes`],
  ] as const;
  for (const [what, value] of lines) process.stdout.write(`${what}: ${value}\n`);
} finally {
  await endBrowser();
  await kill(child, 'SIGTERM');
  await rm(folder, { recursive: true, force: true });
}
