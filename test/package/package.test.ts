import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
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

const tsc = (module: string, file: string) => [
  TSC,
  '--ignoreConfig',
  '--strict',
  '--noEmit',
  '--skipLibCheck',
  '--module',
  module,
  file,
];

/** The twelve lines of CDK that a team writes, without the imports. */
const APP = `
  const stack = new Stack(new App(), 'Models');
  new ImageToModel(stack, 'Meshdrop', { defaults: { faceLimit: 50000 } });
  stack.node.root.synth();
`;
const templateShape = z.object({
  Resources: z.record(z.string(), z.object({ Type: z.string() })),
  Outputs: z.record(z.string(), z.unknown()),
});

const packed = z.tuple([
  z.object({ filename: z.string(), size: z.number(), files: z.array(z.object({ path: z.string() })) }),
]);

/** The project of a user who has installed the package without a registry. */
const theirs = { folder: '', bytes: 0, files: [] as readonly string[] };

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'meshdrop-package-'));
  const npm = (...args: readonly string[]) => run('npm', ['--silent', ...args], { cwd: folder });
  await run('npm', ['run', '--silent', 'build'], { cwd: project });
  const { stdout } = await npm('pack', '--json', join(project, 'dist', 'package'));
  const [{ filename, files, size }] = packed.parse(JSON.parse(stdout));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  // Its peers are those of this project.
  await npm('install', '--offline', '--no-audit', '--legacy-peer-deps', join(folder, filename));
  for (const peer of ['aws-cdk-lib', 'constructs'])
    await symlink(join(project, 'node_modules', peer), join(folder, 'node_modules', peer));
  Object.assign(theirs, { folder, bytes: size, files: files.map(({ path }) => path) });
});

afterAll(() => rm(theirs.folder, { recursive: true, force: true }));

describe('the package', () => {
  it('has the construct, the functions, the reader, the command line, the local run, and documents', () => {
    const folders = new Set(theirs.files.map((path) => path.split('/')[0] ?? ''));

    expect([...folders].sort()).toEqual([
      'API.md',
      'CHANGELOG.md',
      'LICENSE',
      'LICENSES.md',
      'README.md',
      'bin',
      'cjs',
      'docs',
      'esm',
      'events',
      'examples',
      'functions',
      'local',
      'package.json',
    ]);
  });

  it('has no source, no native library, and nothing of this machine', async () => {
    const folder = join(theirs.folder, 'node_modules', 'meshdrop');

    expect(theirs.files.filter((path) => /(?<!\.d)\.ts$|\.node$|node_modules/.test(path))).toEqual([]);
    const texts = theirs.files.filter((one) => /\.(?:m?js|json|md)$/.test(one));
    const naming = await Promise.all(
      texts.map(async (path) => ((await readFile(join(folder, path), 'utf8')).includes(project) ? [path] : [])),
    );
    expect(naming.flat()).toEqual([]);
  });

  it('has no dependencies but its peers', async () => {
    const installed = await readdir(join(theirs.folder, 'node_modules'));

    expect(installed.filter((name) => !name.startsWith('.'))).toEqual(['aws-cdk-lib', 'constructs', 'meshdrop']);
  });

  it('takes less than 15 MB', () => {
    expect(theirs.bytes).toBeLessThan(15_000_000);
  });

  it.each([
    ['an ES module', 'app.mjs', `import { App, Stack } from 'aws-cdk-lib'; import { ImageToModel } from 'meshdrop';`],
    [
      'CommonJS',
      'app.cjs',
      `const { App, Stack } = require('aws-cdk-lib'); const { ImageToModel } = require('meshdrop');`,
    ],
  ])('synthesizes the stack of somebody else, without esbuild and TypeScript: %s', async (_, file, imports) => {
    const out = join(theirs.folder, `out-${file}`);
    await writeFile(join(theirs.folder, file), `${imports} ${APP}`);

    await run(process.execPath, [file], { cwd: theirs.folder, env: { ...process.env, CDK_OUTDIR: out } });

    const template = templateShape.parse(JSON.parse(await readFile(join(out, 'Models.template.json'), 'utf8')));
    const functions = Object.values(template.Resources).filter(({ Type }) => Type === 'AWS::Lambda::Function');
    expect(functions).toHaveLength(6);
    expect(Object.keys(template.Outputs)).toEqual(
      expect.arrayContaining(['MeshdropStateMachineArn', 'MeshdropUploadBucketName', 'MeshdropScenarioSecretArn']),
    );
  });

  it('refuses a wrong prop with the nearest name, in the types and when it runs', async () => {
    const app = `import { App, Stack } from 'aws-cdk-lib'; import { ImageToModel, type ImageToModelProps } from 'meshdrop';
      // @ts-expect-error there is no such prop
      const props: ImageToModelProps = { maxCuPerRunn: 5 };
      new ImageToModel(new Stack(new App(), 'Models'), 'Meshdrop', props);`;
    await writeFile(join(theirs.folder, 'wrong.ts'), app);

    const checked = await run(process.execPath, tsc('nodenext', 'wrong.ts'), { cwd: theirs.folder });
    const ran = await run(process.execPath, ['wrong.ts'], { cwd: theirs.folder }).catch((error: unknown) => error);

    expect(checked.stdout).toBe('');
    expect(String(ran)).toContain('there is no such setting, did you mean maxCuPerRun?');
  });

  it('has one command line, which says what it can do', async () => {
    const program = join(theirs.folder, 'node_modules', '.bin', 'meshdrop');
    const help = await run(program, ['--help'], { cwd: theirs.folder });
    const version = await run(program, ['--version'], { cwd: theirs.folder });
    const wrong = await run(program, ['redive', 'oak-1'], { cwd: theirs.folder }).catch((error: unknown) => error);

    for (const command of [
      'try',
      'doctor',
      'secret',
      'pause',
      'resume',
      'redrive',
      'redeliver',
      'renditions',
      'cancel',
    ])
      expect(help.stdout).toContain(`\n  ${command} `);
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(wrong).toMatchObject({
      code: 2,
      stderr: 'meshdrop: there is no command redive, did you mean redrive? (npx meshdrop --help shows all)\n',
    });
  });

  it('has a reader that is small', async () => {
    const folder = join(theirs.folder, 'node_modules', 'meshdrop', 'esm');
    const names = (await readdir(folder)).filter((name) => name.startsWith('event-reader'));
    const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));

    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(MOST_BYTES);
  });

  it.each([
    ['a module', 'nodenext', `import { parse } from 'meshdrop/events';`],
    ['CommonJS', 'node18', `import { parse } from 'meshdrop/events'; export = parse;`],
  ])('compiles in %s', async (_, module, code) => {
    const file = module === 'node18' ? 'old.cts' : 'new.mts';
    await writeFile(join(theirs.folder, file), `${code}\nparse(undefined).detail.metadata.eventId satisfies string;`);
    const { stdout } = await run(process.execPath, tsc(module, file), { cwd: theirs.folder });

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
    const { stdout } = await run(process.execPath, tsc('nodenext', 'listen.ts'), { cwd: theirs.folder });

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
