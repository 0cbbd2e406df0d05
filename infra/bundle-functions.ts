import { cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build, type BuildOptions, type Plugin } from 'esbuild';
import { bundledPackages } from './bundled-packages.ts';

const project = join(import.meta.dirname, '..');

/** Each function, and the program of the thread that it starts. */
const FUNCTIONS: Readonly<Record<string, string | undefined>> = {
  'submit-job': 'functions/images/decoder-thread.ts',
  'check-job': undefined,
  'store-assets': 'functions/store-assets/validator-thread.ts',
  'report-failure': undefined,
  sweep: undefined,
  'make-renditions': 'functions/make-renditions/renditions-thread.ts',
};

/** Packages that find their own files by their path, so they stay beside the bundle. The first file is the entry. */
const UNBUNDLED: Readonly<Record<string, readonly [string, ...string[]]>> = {
  'wasm-vips': ['lib/vips-node.mjs', 'lib/vips.wasm', 'package.json', 'LICENSE', 'THIRD-PARTY-NOTICES.md'],
  draco3dgltf: [
    'draco3dgltf.js',
    'draco_decoder_gltf_nodejs.js',
    'draco_decoder_gltf.wasm',
    'draco_encoder_gltf_nodejs.js',
    'draco_encoder.wasm',
    'package.json',
  ],
};

const OPTIONS = {
  absWorkingDir: project,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  minify: true,
  // Errors are logged with the names of their classes.
  keepNames: true,
  // Otherwise packages with both module formats are bundled as CommonJS and fail at startup ("Dynamic require").
  mainFields: ['module', 'main'],
  logLevel: 'warning',
  metafile: true,
} as const satisfies BuildOptions;

/**
 * Bundles every function with all that it needs, even the SDK: the tested version is the version that runs.
 *
 *   node infra/bundle-functions.ts OUTPUT-FOLDER [LIST-OF-PACKAGES]
 */
async function bundleFunctions(folder: string): Promise<void> {
  await Promise.all(
    Object.entries(FUNCTIONS).map(async ([name, thread]) => {
      const to = join(folder, name);
      await bundleHandler(name, to);
      if (thread !== undefined) await bundleThread(thread, to);
    }),
  );
}

async function bundleHandler(name: string, folder: string): Promise<void> {
  await bundle({
    entryPoints: [`functions/${name}/handler.ts`],
    outfile: join(folder, 'index.mjs'),
    alias: { '@aws-sdk/credential-provider-node': join(project, 'functions/platform/lambda-credentials.ts') },
  });
}

/** Puts the program of a thread where its function looks for it. */
async function bundleThread(program: string, folder: string): Promise<void> {
  const used = new Set<string>();
  await bundle({
    entryPoints: [program],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    plugins: [keptBeside(used)],
    // glTF Transform can change pixels with sharp, which needs a build for each platform. Meshdrop never asks it to.
    alias: { 'ndarray-pixels': join(project, 'node_modules/ndarray-pixels/dist/ndarray-pixels-browser.js') },
    // The glTF validator and a few packages in CommonJS look for `require`, which ES modules lack.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  for (const name of used) {
    packages.add(name);
    for (const file of UNBUNDLED[name] ?? []) {
      const to = join(folder, name, file);
      await mkdir(dirname(to), { recursive: true });
      await cp(join(project, 'node_modules', name, file), to);
    }
  }
}

/** Imports the packages that stay unbundled from beside the bundle. */
function keptBeside(used: Set<string>): Plugin {
  return {
    name: 'kept-beside',
    setup: (bundling) => {
      bundling.onResolve({ filter: new RegExp(`^(?:${Object.keys(UNBUNDLED).join('|')})$`) }, ({ path }) => {
        used.add(path);
        return { path: `./${path}/${UNBUNDLED[path]?.[0] ?? ''}`, external: true };
      });
    },
  };
}

/** The packages that are in a bundle, or beside it. */
const packages = new Set<string>();

async function bundle(options: BuildOptions): Promise<void> {
  const { metafile } = await build({ ...OPTIONS, ...options });
  for (const name of bundledPackages(metafile)) packages.add(name);
}

const [folder = '', list] = process.argv.slice(2);
await bundleFunctions(folder);
if (list !== undefined) await writeFile(list, JSON.stringify([...packages].sort()));
