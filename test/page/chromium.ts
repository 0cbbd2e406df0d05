import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

const ALWAYS = ['--no-sandbox', '--disable-background-networking'];
/** Draws 3D with the processor, for machines without a graphics card. Everything else gets slower, too. */
const WITH_3D = ['--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'];
const WITHOUT_3D = ['--disable-gpu'];

/** The path of the browser. Undefined, with a message, if this machine has none. */
export const executablePath = await findChromium();
if (executablePath === undefined)
  process.stderr.write('there is no Chromium, so the tests of the page are skipped: apt-get install chromium\n');

async function findChromium(): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter))
    for (const name of NAMES) {
      const file = join(folder, name);
      if (
        await access(file).then(
          () => true,
          () => false,
        )
      )
        return file;
    }
  return undefined;
}

let browser: Promise<Browser> | undefined;

/** Starts the browser once for all tests of a file. */
export function launch(): Promise<Browser> {
  browser ??= launchAnother(WITH_3D);
  return browser;
}

/** Starts a browser that draws pages as fast as without a graphics card is possible, but no 3D. */
export function launchWithout3d(): Promise<Browser> {
  return launchAnother(WITHOUT_3D);
}

function launchAnother(more: readonly string[]): Promise<Browser> {
  return chromium.launch({ executablePath: executablePath ?? '', args: [...ALWAYS, ...more] });
}

export async function endBrowser(): Promise<void> {
  await (await browser)?.close();
  browser = undefined;
}
