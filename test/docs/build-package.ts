import { execFileSync } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';

/**
 * Builds `dist/package`, the package that consumers install: the event reader as JavaScript, the schemas, and samples,
 * without dependencies.
 */
const project = join(import.meta.dirname, '..', '..');
const folder = join(project, 'dist', 'package');

const EXPORTS = {
  './events': { import: './esm/event-reader.js', require: './cjs/event-reader.js' },
  './events/*.json': './docs/events/*.json',
  './package.json': './package.json',
};

const COMPILED = ['--ignoreConfig', '--strict', '--target', 'es2022', '--declaration'];

/** Compiles the reader. The package.json of each folder sets the module type. */
async function compile(to: string, type: 'module' | 'commonjs', ...options: readonly string[]): Promise<void> {
  const tsc = join(project, 'node_modules', 'typescript', 'bin', 'tsc');
  const source = join(project, 'functions', 'contract', 'event-reader.ts');
  const args = [tsc, ...COMPILED, ...options, '--outDir', join(folder, to), source];
  execFileSync(process.execPath, args, { stdio: 'inherit' });
  await writeJson(join(to, 'package.json'), { type });
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(join(folder, path), `${JSON.stringify(value, null, 2)}\n`);
}

const ownSchema = z.object({ name: z.string(), version: z.string(), license: z.string() });
const { name, version, license } = ownSchema.parse(JSON.parse(await readFile(join(project, 'package.json'), 'utf8')));

await rm(folder, { recursive: true, force: true });
await mkdir(join(folder, 'docs'), { recursive: true });
await compile('esm', 'module', '--module', 'nodenext');
await compile('cjs', 'commonjs', '--module', 'commonjs', '--moduleResolution', 'bundler');
for (const path of ['LICENSE', 'docs/events', 'docs/events.md', 'docs/failures.md'])
  await cp(join(project, path), join(folder, path), { recursive: true });
const description = 'Reads the events and the manifests of Meshdrop.';
await writeJson('package.json', { name, version, description, license, exports: EXPORTS });
