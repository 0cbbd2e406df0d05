import { afterAll, beforeAll } from 'vitest';
import { type Serving, servingForAll } from '../local/cli/meshdrop-process.ts';
import { endBrowser } from './browser.ts';

/** Starts one Meshdrop for all tests of a file. Returns a function that returns it. */
export function serveForAll(...images: readonly string[]): () => Serving {
  let serving: Serving | undefined;
  beforeAll(async () => {
    serving = await servingForAll(...images);
  });
  afterAll(async () => {
    await endBrowser();
    await serving?.end();
  });
  return () => {
    if (!serving) throw new Error('nothing is served yet');
    return serving;
  };
}
