import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

/** Packages that find their own files by their path, so they cannot be part of one bundle. */
const UNBUNDLED: Readonly<Record<string, readonly string[]>> = {
  'wasm-vips': ['package.json', 'LICENSE', 'THIRD-PARTY-NOTICES.md', 'lib/vips-node.mjs', 'lib/vips.wasm'],
  draco3dgltf: [
    'package.json',
    'draco3dgltf.js',
    'draco_decoder_gltf_nodejs.js',
    'draco_decoder_gltf.wasm',
    'draco_encoder_gltf_nodejs.js',
    'draco_encoder.wasm',
  ],
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
    external: Object.keys(UNBUNDLED),
    // glTF Transform can change pixels with sharp, which needs a build for each platform. Meshdrop never asks it to.
    alias: { 'ndarray-pixels': join(project, 'node_modules/ndarray-pixels/dist/ndarray-pixels-browser.js') },
    // The glTF validator and a few packages in CommonJS look for `require`, which ES modules lack.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    metafile: true,
  });
  const used = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  for (const [name, files] of Object.entries(UNBUNDLED))
    for (const file of used.includes(name) ? files : []) {
      const to = join(folder, 'node_modules', name, file);
      mkdirSync(join(to, '..'), { recursive: true });
      cpSync(join(project, 'node_modules', name, file), to);
    }
}

const [folder = '', program = ''] = process.argv.slice(2);
bundleThread(folder, program);
