import type { Metafile } from 'esbuild';

/** The names of the packages whose code is in a bundle. */
export function bundledPackages(metafile: Metafile | undefined): readonly string[] {
  return Object.keys(metafile?.inputs ?? {}).flatMap(
    (input) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ?? [],
  );
}
