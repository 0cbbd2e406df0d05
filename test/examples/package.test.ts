import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { sampleEvents } from '../docs/event-samples.ts';
import { project } from '../infra/cdk-context.ts';

const MOST_BYTES = 20_000;
const TSC = join(project, 'node_modules', 'typescript', 'bin', 'tsc');
const run = promisify(execFile);

const packed = z.tuple([z.object({ filename: z.string(), files: z.array(z.object({ path: z.string() })) })]);

/** The project of a user who has installed the package without a registry. */
const theirs = { folder: '', files: [] as readonly string[] };

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'meshdrop-package-'));
  const npm = (...args: readonly string[]) => run('npm', ['--silent', ...args], { cwd: folder });
  await run('npm', ['run', '--silent', 'build:events'], { cwd: project });
  const { stdout } = await npm('pack', '--json', join(project, 'dist', 'package'));
  const [{ filename, files }] = packed.parse(JSON.parse(stdout));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await npm('install', '--offline', '--no-audit', join(folder, filename));
  Object.assign(theirs, { folder, files: files.map(({ path }) => path) });
});

afterAll(() => rm(theirs.folder, { recursive: true, force: true }));

describe('the package', () => {
  it('has the reader, the schemas, and the documents, and nothing from the service', () => {
    const folders = new Set(theirs.files.map((path) => path.split('/').slice(0, 2).join('/')));

    expect([...folders].sort()).toEqual([
      'LICENSE',
      'cjs/event-reader.d.ts',
      'cjs/event-reader.js',
      'cjs/package.json',
      'docs/events',
      'docs/events.md',
      'docs/failures.md',
      'esm/event-reader.d.ts',
      'esm/event-reader.js',
      'esm/package.json',
      'package.json',
    ]);
  });

  it('has no dependencies', async () => {
    const installed = await readdir(join(theirs.folder, 'node_modules'));

    expect(installed.filter((name) => !name.startsWith('.package-lock'))).toEqual(['meshdrop']);
  });

  it('has a reader that is small', async () => {
    const folder = join(theirs.folder, 'node_modules', 'meshdrop', 'esm');
    const names = await readdir(folder);
    const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));

    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(MOST_BYTES);
  });

  it.each([
    ['a module', 'nodenext', `import { parse } from 'meshdrop/events';`],
    ['CommonJS', 'node18', `import { parse } from 'meshdrop/events'; export = parse;`],
  ])('compiles in %s', async (_, module, code) => {
    const file = module === 'node18' ? 'old.cts' : 'new.mts';
    await writeFile(join(theirs.folder, file), `${code}\nparse(undefined).detail.metadata.eventId satisfies string;`);
    const args = [TSC, '--ignoreConfig', '--strict', '--noEmit', '--module', module, file];

    const { stdout } = await run(process.execPath, args, { cwd: theirs.folder });

    expect(stdout).toBe('');
  });

  it('works with require in CommonJS', async () => {
    const code = `const { isModelStored } = require('meshdrop/events'); process.stdout.write(String(isModelStored({})));`;
    const args = ['--no-experimental-require-module', '-e', code];

    const { stdout } = await run(process.execPath, args, { cwd: theirs.folder });

    expect(stdout).toBe('false');
  });

  it('reads all samples in plain Node.js, and refuses other objects', async () => {
    await writeFile(
      join(theirs.folder, 'listen.js'),
      `import { parse } from 'meshdrop/events';
       import schema from 'meshdrop/events/model-stored.schema.json' with { type: 'json' };
       const told = JSON.parse(process.argv[2]).map((event) => parse(event)['detail-type']);
       try { parse({}); } catch (error) { told.push(error.name, error.message); }
       process.stdout.write(JSON.stringify([...told, schema.title]));`,
    );

    const samples = JSON.stringify([...sampleEvents().values()]);
    const { stdout } = await run(process.execPath, ['listen.js', samples], { cwd: theirs.folder });

    expect(JSON.parse(stdout)).toEqual([
      ...[...sampleEvents().values()].map((event) => event['detail-type']),
      'NotMeshdropEventError',
      'event.source is missing',
      'Meshdrop: Model Stored',
    ]);
  });

  it('has types that distinguish the events, without other packages', async () => {
    await writeFile(
      join(theirs.folder, 'listen.ts'),
      `import { isModelStored, type MeshdropEvent, parse } from 'meshdrop/events';
       export function keyOf(given: unknown): string | undefined {
         const event: MeshdropEvent = parse(given);
         if (event['detail-type'] === 'Upload Rejected') return event.detail.data.failure.hint;
         // @ts-expect-error a failed run has no assets
         if (event['detail-type'] === 'Model Failed') return event.detail.data.assets[0].key;
         return isModelStored(given) ? given.detail.data.assets[0]?.key : undefined;
       }`,
    );
    const args = [TSC, '--ignoreConfig', '--strict', '--noEmit', '--module', 'nodenext', 'listen.ts'];
    const { stdout } = await run(process.execPath, args, { cwd: theirs.folder });

    expect(stdout).toBe('');
  });

  it('adds few bytes to a bundle', async () => {
    const { outputFiles } = await build({
      stdin: {
        contents: `export { isModelStored, parse } from 'meshdrop/events';`,
        resolveDir: theirs.folder,
      },
      bundle: true,
      format: 'esm',
      minify: true,
      write: false,
    });

    expect(outputFiles[0]?.contents.byteLength).toBeLessThan(4_000);
  });

  it('is found by CDK when it bundles the handler of the example', async () => {
    const { outputFiles } = await build({
      entryPoints: [join(project, 'examples', 'consumer', 'handler.ts')],
      bundle: true,
      platform: 'node',
      format: 'esm',
      mainFields: ['module', 'main'],
      write: false,
    });

    expect(outputFiles[0]?.text).toContain('// dist/package/esm/event-reader.js');
  });
});
