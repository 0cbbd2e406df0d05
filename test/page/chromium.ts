import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Draws with the processor, so that 3D works on machines without a graphics card. */
const ARGUMENTS = [
  '--no-sandbox',
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--disable-background-networking',
];

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
  browser ??= chromium.launch({ executablePath: executablePath ?? '', args: ARGUMENTS });
  return browser;
}

export async function endBrowser(): Promise<void> {
  await (await browser)?.close();
  browser = undefined;
}
