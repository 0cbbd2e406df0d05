import type { BrowserContextOptions, Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';
import { launch } from './chromium.ts';

export { endBrowser, executablePath } from './chromium.ts';

/** A net against a hang: the machine can be busy. */
const LONG_MS = 180_000;

/** These come from the drawing without a graphics card. */
const USUAL = /GPU stall|GL Driver|WebGL|swiftshader|rAF timed out/i;

/** Opens a page of its own. Fails the test if the page has logged an error, unless the test expects some. */
export async function openPage(
  url: string,
  { expectsErrors = false, ...options }: BrowserContextOptions & { readonly expectsErrors?: boolean } = {},
): Promise<Page> {
  const context = await (await launch()).newContext({ reducedMotion: 'reduce', ...options });
  context.setDefaultTimeout(LONG_MS);
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', ({ message }) => errors.push(message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !USUAL.test(message.text())) errors.push(message.text());
  });
  onTestFinished(async () => {
    await context.close();
    if (!expectsErrors) expect(errors).toEqual([]);
  });
  await page.goto(url);
  await page.waitForSelector('#filters button', { state: 'attached' });
  return page;
}

/** The card of an upload, newest first if there are several. */
export const cardOf = (page: Page, key: string) => page.locator('article', { has: page.locator(`h3[title="${key}"]`) });

/** Waits until the card of an upload has the state. */
export async function waitForState(page: Page, key: string, state: string): Promise<void> {
  await cardOf(page, key)
    .and(page.locator(`[data-state="${state}"]`))
    .first()
    .waitFor({ timeout: LONG_MS });
}

/** Notes every state that the first card shows from now on. */
export async function recordStates(page: Page): Promise<void> {
  await page.evaluate(() => {
    const seen: string[] = [];
    Object.assign(globalThis, { seen });
    const note = () => {
      const state = document.querySelector('article')?.getAttribute('data-state');
      if (state && seen.at(-1) !== state) seen.push(state);
    };
    new MutationObserver(note).observe(document.body, { subtree: true, childList: true, attributes: true });
  });
}

export async function recordedStates(page: Page): Promise<readonly string[]> {
  return await page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen);
}
