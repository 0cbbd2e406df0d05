import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

/** A package that finds its own files by their path, so it cannot be part of one bundle. */
const UNBUNDLED = {
  name: 'wasm-vips',
  files: ['package.json', 'LICENSE', 'THIRD-PARTY-NOTICES.md', 'lib/vips-node.mjs', 'lib/vips.wasm'],
};

const project = join(import.meta.dirname, '..');

/**
 * Bundles the program of a thread and puts it beside the bundle of its function, where the function looks for it.
 *
 *   node infra/bundle-thread.ts OUTPUT-FOLDER PROGRAM
 */
function bundleThread(folder: string, program: string): void {
  const { metafile } = buildSync({
    absWorkingDir: project,
    entryPoints: [program],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minify: true,
    keepNames: true,
    mainFields: ['module', 'main'],
    external: [UNBUNDLED.name],
    // The glTF validator looks for `require`, which ES modules lack. In a webpack bundle it uses these instead.
    define: {
      require: 'undefined',
      __webpack_require__: 'true',
      __non_webpack_require__: 'process.getBuiltinModule',
    },
    metafile: true,
  });
  const isUsed = Object.values(metafile.outputs).some(({ imports }) =>
    imports.some(({ path }) => path === UNBUNDLED.name),
  );
  for (const file of isUsed ? UNBUNDLED.files : []) {
    const to = join(folder, 'node_modules', UNBUNDLED.name, file);
    mkdirSync(join(to, '..'), { recursive: true });
    cpSync(join(project, 'node_modules', UNBUNDLED.name, file), to);
  }
}

const [folder = '', program = ''] = process.argv.slice(2);
bundleThread(folder, program);
