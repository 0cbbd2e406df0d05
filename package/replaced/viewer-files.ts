import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** In the package, the files of the page are copied and bundled already. */
export function viewerFile(specifier: string): string {
  return join(import.meta.dirname, 'viewer', basename(specifier));
}

export async function bundleClient(): Promise<string> {
  return await readFile(join(import.meta.dirname, 'client', 'app.js'), 'utf8');
}
