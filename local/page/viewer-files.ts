import { createRequire } from 'node:module';
import { join } from 'node:path';

/** Finds and bundles the code of the page in a checkout. The package has another version of this file. */

const require = createRequire(import.meta.url);

/** Finds a file of the 3D viewer. */
export function viewerFile(specifier: string): string {
  return require.resolve(specifier);
}

/** Bundles the code that runs in the browser. */
export async function bundleClient(): Promise<string> {
  // Nobody may open the page.
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'client', 'app.ts')],
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    target: 'es2023',
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}
