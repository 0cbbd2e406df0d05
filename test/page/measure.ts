import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleClient } from '../../local/page/client-files.ts';
import { kill, ready, start } from '../simulation/local-run/service-process.ts';
import { endBrowser, launch } from './chromium.ts';
import { picture, writePictures } from './pictures.ts';

/** Measures the page in a browser: first paint, time until a model is on screen, and scrolling past a thousand cards. */
const CARDS = 1_000;

const folder = await mkdtemp(join(tmpdir(), 'meshdrop-measure-'));
const child = start(folder, { speed: 100, jobSeconds: 0.3 });
child.stderr?.resume();
try {
  const addresses = await ready(folder, child);
  if (!addresses) throw new Error('the local run did not get ready');
  const page = await (await launch()).newPage({ viewport: { width: 1280, height: 800 } });
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
  await page.waitForFunction((count) => document.querySelectorAll('article').length >= count, CARDS);
  const frames = await page.evaluate(async () => {
    const times: number[] = [];
    const end = document.documentElement.scrollHeight - innerHeight;
    for (let n = 0; n <= 120; n += 1) {
      scrollTo(0, (end * n) / 120);
      times.push(await new Promise<number>((resolve) => requestAnimationFrame(resolve)));
    }
    return times.slice(1).map((time, n) => time - (times[n] ?? 0));
  });
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
