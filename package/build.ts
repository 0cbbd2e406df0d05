import { execFileSync } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { build, type BuildOptions, type Plugin } from 'esbuild';
import * as z from 'zod';
import { bundledPackages } from '../infra/bundled-packages.ts';
import { folderOf } from '../infra/service-function.ts';
import { assembly } from '../local/aws/assembly.ts';
import { VIEWER_FILES } from '../local/page/client-files.ts';
import { bundleClient, viewerFile } from '../local/page/viewer-files.ts';
import { licenses } from './licenses.ts';

/**
 * Builds `dist/package`, which is published as `meshdrop`: the construct, the bundled functions, the event reader, the
 * command line, and the local run. Nothing of it is compiled or installed by its users.
 */
const project = join(import.meta.dirname, '..');
const folder = join(project, 'dist', 'package');

const ENTRY = { import: './esm/index.js', require: './cjs/index.js' };
const EVENTS = { import: './esm/event-reader.js', require: './cjs/event-reader.js' };

/** The lowest version of CDK that the package is tested with. */
const PEERS = { 'aws-cdk-lib': '^2.150.0', constructs: '^10.3.0' };

/** Files that are different in the package. */
const REPLACED: Readonly<Record<string, string>> = Object.fromEntries(
  [
    'infra/function-code.ts',
    'local/aws/assembly.ts',
    'local/page/viewer-files.ts',
    'local/scenario/files/image-codec.ts',
  ].map((path) => [path, `package/replaced/${basename(path)}`]),
);

/** What bundles import from beside them. */
const BESIDE: Readonly<Record<string, string>> = {
  'wasm-vips': 'functions/submit-job/wasm-vips/lib/vips-node.mjs',
  '../local/cli/main.ts': 'local/cli/main.mjs',
};

/** The root of the package, as an expression in a bundle. */
const ROOT = '__meshdropRoot';

const used = new Set<string>();

async function bundleFunctions(): Promise<void> {
  const program = join(project, 'infra', 'bundle-functions.ts');
  const packages = join(folder, 'packages.json');
  execFileSync(process.execPath, [program, join(folder, 'functions'), packages], { stdio: 'inherit' });
  for (const name of z.array(z.string()).parse(JSON.parse(await readFile(packages, 'utf8')))) used.add(name);
  await rm(packages);
}

/** Both kinds of modules, and one declaration for each. */
async function buildConstruct(): Promise<void> {
  const own = { external: Object.keys(PEERS), target: 'node20' } as const;
  const above = 'new URL("../", import.meta.url)';
  await bundle('package/exports.ts', 'esm/index.js', {
    ...own,
    banner: { js: `import { fileURLToPath } from 'node:url'; const ${ROOT} = fileURLToPath(${above});` },
  });
  await bundle('package/exports.ts', 'cjs/index.js', {
    ...own,
    format: 'cjs',
    banner: { js: `const ${ROOT} = require('node:path').join(__dirname, '..') + '/';` },
  });
  const declaration = await declarationOf();
  for (const to of ['esm', 'cjs']) await write(`${to}/index.d.ts`, declaration);
}

/** One file, so that nothing else of the project has a declaration that somebody could rely on. */
async function declarationOf(): Promise<string> {
  const out = join(folder, 'declarations');
  const options = ['--noEmit', 'false', '--emitDeclarationOnly', '--declaration', '--outDir', out];
  const like = ['--target', 'es2024', '--module', 'nodenext', '--lib', 'esnext', '--types', 'node', '--strict'];
  const more = ['--ignoreConfig', '--skipLibCheck', '--rewriteRelativeImportExtensions', '--rootDir', project];
  // Other files of the project have declarations that cannot be written, but these three have.
  runTsc([...options, ...like, ...more, join(project, 'infra', 'image-to-model.ts')], 'ignore');
  const files = ['infra/settings/invalid-setting', 'infra/settings/plain-props', 'infra/image-to-model'];
  const texts = await Promise.all(files.map((file) => readFile(join(out, `${file}.d.ts`), 'utf8')));
  await rm(out, { recursive: true });
  const lines = texts.join('\n').split('\n');
  const isForeign = (line: string) => line.startsWith('import ') && !line.includes("from './");
  const imports = lines.filter(isForeign);
  const rest = lines.filter((line) => !line.startsWith('import ') && !line.startsWith('export {};'));
  return [...imports, ...rest].join('\n');
}

/** Compiles the reader of events without anything else: consumers bundle it into their own functions. */
async function compileReader(to: string, type: 'module' | 'commonjs', ...options: readonly string[]): Promise<void> {
  const source = join(project, 'functions', 'contract', 'event-reader.ts');
  const same = ['--ignoreConfig', '--strict', '--target', 'es2022', '--declaration'];
  runTsc([...same, ...options, '--outDir', join(folder, to), source], 'inherit');
  await write(`${to}/package.json`, json({ type }));
}

function runTsc(args: readonly string[], output: 'ignore' | 'inherit'): void {
  const tsc = join(project, 'node_modules', 'typescript', 'bin', 'tsc');
  try {
    execFileSync(process.execPath, [tsc, ...args], { stdio: ['ignore', output, output], cwd: project });
  } catch (error) {
    if (output === 'inherit') throw error;
  }
}

/** The stack with its default settings, the local AWS, the stand-in, and the page. */
async function buildLocalRun(): Promise<void> {
  await bundleProgram('local/cli/main.ts', 'local/cli/main.mjs', 'node24');
  await bundleProgram('local/aws/lambda/lambda-runtime.ts', 'local/aws/lambda/lambda-runtime.mjs', 'node24');
  await write('local/aws/assembly/Meshdrop.template.json', await templateWithOwnFunctions());
  for (const name of ['index.html', 'app.css', 'favicon.svg']) await copy(`local/page/client/${name}`);
  await write('local/page/client/app.js', await bundleClient());
  for (const specifier of Object.values(VIEWER_FILES))
    await copyTo(viewerFile(specifier), `local/page/viewer/${basename(specifier)}`);
  used.add('@google/model-viewer').add('three');
  for (const name of ['oak-chair.png', 'teapot.jpg']) await copy(`examples/${name}`);
}

const templateShape = z.looseObject({
  Resources: z.record(
    z.string(),
    z.looseObject({
      Type: z.string(),
      Metadata: z.record(z.string(), z.unknown()).default({}),
      Properties: z
        .looseObject({ Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }).optional() })
        .default({}),
    }),
  ),
});

/** In the package, the code of each function is in a folder with its name. */
async function templateWithOwnFunctions(): Promise<string> {
  const at = join(await assembly(), 'Meshdrop.template.json');
  const template = templateShape.parse(JSON.parse(await readFile(at, 'utf8')));
  for (const { Type, Metadata, Properties } of Object.values(template.Resources)) {
    if (Type !== 'AWS::Lambda::Function') continue;
    const service = z.string().parse(Properties.Environment?.Variables['POWERTOOLS_SERVICE_NAME']);
    Metadata['aws:asset:path'] = `../../../functions/${folderOf(basename(service))}`;
  }
  return JSON.stringify(template);
}

/** A program that anything can be required in. */
async function bundleProgram(entry: string, outfile: string, target: string, shebang = ''): Promise<void> {
  const above = JSON.stringify(`${relative(dirname(outfile), '.') || '.'}/`);
  const js = [
    shebang,
    "import { createRequire as __createRequire } from 'node:module'; import { fileURLToPath as __fromUrl } from 'node:url';",
    `const require = __createRequire(import.meta.url); const ${ROOT} = __fromUrl(new URL(${above}, import.meta.url));`,
  ];
  await bundle(entry, outfile, { target, minify: true, keepNames: true, banner: { js: js.join('\n').trim() } });
}

async function bundle(entry: string, outfile: string, options: BuildOptions): Promise<void> {
  const { metafile } = await build({
    absWorkingDir: project,
    entryPoints: [entry],
    outfile: join(folder, outfile),
    bundle: true,
    format: 'esm',
    platform: 'node',
    mainFields: ['module', 'main'],
    conditions: ['meshdrop-source'],
    logLevel: 'warning',
    metafile: true,
    // The function bundles of CDK are never made in the package.
    external: ['esbuild', ...(options.external ?? [])],
    plugins: [inPackage(outfile)],
    ...(({ external: _, ...rest }) => rest)(options),
  });
  for (const name of bundledPackages(metafile)) used.add(name);
}

/** Takes the files that are different in the package, and lets every module find its own folder in it. */
function inPackage(outfile: string): Plugin {
  return {
    name: 'in-package',
    setup: (bundling) => {
      bundling.onResolve({ filter: /^(?:wasm-vips|\.\.\/local\/cli\/main\.ts)$/ }, ({ path }) => {
        const to = relative(dirname(outfile), BESIDE[path] ?? path);
        return { path: to.startsWith('.') ? to : `./${to}`, external: true };
      });
      bundling.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const own = relative(project, path);
        if (own.startsWith('node_modules')) return undefined;
        const text = await readFile(join(project, REPLACED[own] ?? own), 'utf8');
        const replaced = REPLACED[own] === undefined ? text : fromPlace(text, own);
        const contents = replaced
          .replaceAll('import.meta.dirname', `(${ROOT} + ${JSON.stringify(dirname(own))})`)
          .replaceAll('import.meta.filename', `(${ROOT} + ${JSON.stringify(own.replace(/\.ts$/, '.mjs'))})`);
        return { contents, loader: 'ts', resolveDir: dirname(path) };
      });
    },
  };
}

/** The imports of a replacement, as seen from the file that it replaces. */
function fromPlace(text: string, own: string): string {
  return text.replaceAll(/from '(\.\.?\/[^']+)'/g, (_, specifier: string) => {
    const to = relative(dirname(own), join('package', 'replaced', specifier));
    return `from '${to.startsWith('.') ? to : `./${to}`}'`;
  });
}

async function copyDocuments(): Promise<void> {
  for (const path of ['LICENSE', 'CHANGELOG.md', 'docs/events', 'docs/events.md', 'docs/failures.md']) await copy(path);
  for (const path of ['docs/operations.md', 'docs/security.md', 'docs/costs.md', 'docs/images/dashboard.svg'])
    await copy(path);
  await copyTo(join(project, 'package', 'README.md'), 'README.md');
  await copyTo(join(project, 'docs', 'api.md'), 'API.md');
  await write('LICENSES.md', await licenses([...used].sort(), project));
}

const ownShape = z.object({ version: z.string(), description: z.string(), license: z.string() });

async function describePackage(): Promise<void> {
  const { version, description, license } = ownShape.parse(
    JSON.parse(await readFile(join(project, 'package.json'), 'utf8')),
  );
  await write(
    'package.json',
    json({
      name: 'meshdrop',
      version,
      description,
      license,
      keywords: ['aws', 'cdk', 'construct', '3d', 'gltf', 'scenario', 'tripo', 'eventbridge'],
      main: ENTRY.require,
      types: './cjs/index.d.ts',
      exports: {
        '.': ENTRY,
        './events': EVENTS,
        './events/*.json': './docs/events/*.json',
        './package.json': './package.json',
      },
      bin: { meshdrop: 'bin/meshdrop.mjs' },
      engines: { node: '>=20' },
      peerDependencies: PEERS,
    }),
  );
  // Classic module resolution does not know `exports`.
  await write('events/package.json', json({ main: `.${EVENTS.require}`, types: '../cjs/event-reader.d.ts' }));
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

async function write(path: string, text: string): Promise<void> {
  const to = join(folder, path);
  await mkdir(dirname(to), { recursive: true });
  await writeFile(to, text);
}

async function copy(path: string): Promise<void> {
  await copyTo(join(project, path), path);
}

async function copyTo(from: string, path: string): Promise<void> {
  const to = join(folder, path);
  await mkdir(dirname(to), { recursive: true });
  await cp(from, to, { recursive: true });
}

await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
await bundleFunctions();
await Promise.all([
  buildConstruct(),
  compileReader('esm', 'module', '--module', 'nodenext'),
  compileReader('cjs', 'commonjs', '--module', 'commonjs', '--moduleResolution', 'bundler'),
  bundleProgram('package/bin.ts', 'bin/meshdrop.mjs', 'node20', '#!/usr/bin/env node'),
  buildLocalRun(),
]);
await copyDocuments();
await describePackage();
