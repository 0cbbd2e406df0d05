import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { project } from '../infra/cdk-context.ts';

/** What a team has: the package from the registry, beside the CDK of its own app. */

const run = promisify(execFile);
/** The lowest is that of the peer dependency. The newest is the one that this project is developed with. */
const LOWEST = { 'aws-cdk-lib': '2.150.0', constructs: '10.3.0' };
const NEWEST = { 'aws-cdk-lib': '2.276.0', constructs: '10.8.1' };
/** The last TypeScript that knows all three kinds of module resolution. */
const TYPESCRIPT = { typescript: '5.8.3', '@types/node': '20.19.0' };

let folder = '';
let tarball = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'meshdrop-registry-'));
  await run('npm', ['run', '--silent', 'build'], { cwd: project });
  const { stdout } = await run('npm', ['--silent', 'pack', join(project, 'dist', 'package')], { cwd: folder });
  tarball = join(folder, stdout.trim());
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function install(name: string, versions: Readonly<Record<string, string>>): Promise<string> {
  const at = join(folder, name);
  await mkdir(at);
  await writeFile(join(at, 'package.json'), '{ "type": "module" }');
  await run('npm', ['--silent', 'install', '--no-audit', '--no-fund', tarball, ...packagesOf(versions)], { cwd: at });
  return at;
}

const APP = `import { App, Stack } from 'aws-cdk-lib';
import { ImageToModel } from 'meshdrop';
const app = new App();
new ImageToModel(new Stack(app, 'Models'), 'Meshdrop', { defaults: { faceLimit: 50_000 }, maxCuPerRun: 60 });
app.synth();
`;

const templateShape = z.object({
  Resources: z.record(z.string(), z.looseObject({ Type: z.string() })),
  Outputs: z.record(z.string(), z.unknown()),
});

/** The template without what each version of CDK says about itself. */
async function synthesized(at: string): Promise<z.infer<typeof templateShape>> {
  await writeFile(join(at, 'app.js'), APP);
  await run(process.execPath, ['app.js'], { cwd: at, env: { ...process.env, CDK_OUTDIR: join(at, 'out') } });
  const { Resources, Outputs } = templateShape.parse(
    JSON.parse(await readFile(join(at, 'out', 'Models.template.json'), 'utf8')),
  );
  const own = Object.entries(Resources)
    .filter(([, { Type }]) => Type !== 'AWS::CDK::Metadata')
    .map(([id, resource]) => [id, { ...resource, Metadata: null }] as const);
  return { Resources: Object.fromEntries(own), Outputs };
}

/** The dashboard is the same, but in another order. Newer versions of CDK limit who may assume the machine's role. */
const DIFFERENT = ['AWS::CloudWatch::Dashboard', 'AWS::IAM::Role'];

describe('the package beside the CDK of a team', () => {
  it('makes the same stack with the lowest and with the newest version', async () => {
    const [lowest, newest] = await Promise.all([install('lowest', LOWEST), install('newest', NEWEST)]);

    const [old, young] = await Promise.all([synthesized(lowest), synthesized(newest)]);

    expect(Object.keys(old.Resources)).toEqual(Object.keys(young.Resources));
    expect(old.Outputs).toEqual(young.Outputs);
    const same = ({ Resources }: typeof old) =>
      Object.entries(Resources).filter(([, { Type }]) => !DIFFERENT.includes(Type));
    expect(same(old)).toEqual(same(young));
  });

  it.each([
    ['nodenext', 'nodenext', 'lowest'],
    ['bundler', 'esnext', 'newest'],
    ['node10', 'commonjs', 'lowest'],
  ])('has types that an older TypeScript finds: %s', async (resolution, module, cdk) => {
    const at = join(folder, cdk);
    await run('npm', ['--silent', 'install', '--no-audit', '--no-fund', ...packagesOf(TYPESCRIPT)], { cwd: at });
    const file = `types-${resolution}.ts`;
    await writeFile(
      join(at, file),
      `${APP}
      import { isModelStored, parse } from 'meshdrop/events';
      isModelStored(parse({})) satisfies boolean;
      // @ts-expect-error there is no such prop
      new ImageToModel(new Stack(app, 'Wrong'), 'Meshdrop', { maxCuPerRunn: 60 });`,
    );
    const options = [
      '--module',
      module,
      '--moduleResolution',
      resolution,
      '--target',
      'es2022',
      '--strict',
      '--noEmit',
    ];
    const tsc = join(at, 'node_modules', 'typescript', 'bin', 'tsc');

    const { stdout } = await run(process.execPath, [tsc, ...options, file], { cwd: at }).catch(
      (error: unknown) => error as { stdout: string },
    );

    expect(stdout).toBe('');
  });

  it('has nothing in it that cdk-nag finds and nobody has acknowledged', async () => {
    const at = join(folder, 'newest');
    await run('npm', ['--silent', 'install', '--no-audit', '--no-fund', 'cdk-nag@3.0.2'], { cwd: at });
    const checked = APP.replace('import { App, Stack }', 'import { App, Stack, Validations }')
      .replace(
        'import { ImageToModel }',
        "import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';\nimport { ImageToModel }",
      )
      .replace(
        'app.synth()',
        'Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));\napp.synth()',
      );
    await writeFile(join(at, 'nag.js'), checked);

    const { stderr } = await run(process.execPath, ['nag.js'], {
      cwd: at,
      env: { ...process.env, CDK_OUTDIR: join(at, 'nag') },
    });

    expect(stderr).not.toContain('ERROR');
  });

  it('makes a model on this machine, with everything that belongs to it', async () => {
    const at = join(folder, 'newest');
    const image = join(at, 'teapot.jpg');
    await cp(join(project, 'examples', 'teapot.jpg'), image);
    const program = join(at, 'node_modules', '.bin', 'meshdrop');

    const { stdout } = await run(program, ['try', 'teapot.jpg', '--json', '--job-seconds', '0'], {
      cwd: at,
    });

    const made = JSON.parse(stdout) as { model: string; renditions: Record<string, string> };
    expect(made).toMatchObject({ image: 'teapot.jpg', status: 'stored', standIn: true });
    for (const file of [made.model, ...Object.values(made.renditions)])
      expect((await stat(join(at, file))).size).toBeGreaterThan(1_000);
  });
});

function packagesOf(versions: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(versions).map(([one, version]) => `${one}@${version}`);
}
