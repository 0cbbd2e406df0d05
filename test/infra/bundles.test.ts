import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { assembly } from '../../local/aws/assembly.ts';
import { png } from '../functions/images.ts';
import { glb } from '../functions/store-assets/glb.ts';

/** `import { z } from 'zod'` alone adds 350,000. */
const MOST_BYTES = 720_000;
/** The programs of threads, and the packages that must not be bundled. */
const BESIDE: Readonly<Record<string, readonly string[]>> = {
  SubmitJob: ['decoder-thread.mjs', 'wasm-vips'],
  StoreAssets: ['validator-thread.mjs'],
  MakeRenditions: ['draco3dgltf', 'renditions-thread.mjs', 'wasm-vips'],
};

const functions = ['SubmitJob', 'CheckJob', 'StoreAssets', 'ReportFailure', 'Sweep', 'MakeRenditions'] as const;

const functionShape = z.object({
  Handler: z.string(),
  Code: z.object({ S3Key: z.string() }),
  Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }),
});
const templateShape = z.object({
  Resources: z.record(
    z.string(),
    z.object({ Type: z.string(), Properties: z.unknown() }).transform(({ Type, Properties }) => {
      return Type === 'AWS::Lambda::Function' ? functionShape.parse(Properties) : undefined;
    }),
  ),
});

interface Bundle {
  readonly folder: string;
  readonly text: string;
  readonly handler: string;
  /** As in the template; what only a deploy knows is a word. */
  readonly environment: Readonly<Record<string, string>>;
}

const bundles = new Map<string, Bundle>();

function bundleOf(name: string): Bundle {
  const bundle = bundles.get(name);
  if (!bundle) throw new Error(`the assembly has no function ${name}`);
  return bundle;
}

beforeAll(async () => {
  const folder = await assembly();
  const { Resources } = templateShape.parse(JSON.parse(await readFile(join(folder, 'Meshdrop.template.json'), 'utf8')));
  for (const resource of Object.values(Resources)) {
    if (!resource) continue;
    const { Variables } = resource.Environment;
    const asset = join(folder, `asset.${resource.Code.S3Key.replace(/\.zip$/, '')}`);
    const environment = Object.entries(Variables).map(
      ([name, value]) => [name, typeof value === 'string' ? value : `some-${name}`] as const,
    );
    bundles.set(basename(z.string().parse(Variables['POWERTOOLS_SERVICE_NAME'])), {
      folder: asset,
      text: await readFile(join(asset, 'index.mjs'), 'utf8'),
      handler: resource.Handler,
      environment: Object.fromEntries(environment),
    });
  }
});

describe('the assembly', () => {
  it('has a bundle of every function and no other', () => {
    expect([...bundles.keys()].sort()).toEqual([...functions].sort());
  });
});

describe.each(functions)('the bundle of %s', (name) => {
  it('is one file and the programs of its threads, below the size that means that something got in by mistake', async () => {
    const { folder, text } = bundleOf(name);

    expect((await readdir(folder)).sort()).toEqual(['index.mjs', ...(BESIDE[name] ?? [])].sort());
    expect(Buffer.byteLength(text)).toBeLessThan(MOST_BYTES);
  });

  it('is an ES module that brings the SDK and requires nothing while it runs', () => {
    const { text, handler } = bundleOf(name);

    expect(handler).toBe('index.handler');
    expect(text).toMatch(/export\s*\{[^}]*\bas handler\b/);
    expect(text).not.toMatch(/\bmodule\.exports\s*=/);
    expect(text).not.toContain('Dynamic require of');
    expect(text).not.toMatch(/\bfrom\s*"@(aws-sdk|smithy|middy|aws-lambda-powertools)\//);
  });

  it('has nothing of CDK in it, and looks for credentials only in the environment', () => {
    const { text } = bundleOf(name);

    expect(text).not.toContain('aws-cdk-lib');
    expect(text).toContain('AWS_SESSION_TOKEN');
    for (const elsewhere of ['credential_process', 'sso_session', 'AWS_CONTAINER_CREDENTIALS_FULL_URI'])
      expect(text).not.toContain(elsewhere);
  });

  it('exports its handler when it is loaded with the environment of the template', async () => {
    const { folder, environment } = bundleOf(name);

    expect(await load(folder, environment)).toBe('function');
  });

  it('refuses to load without its environment, and names what is missing', async () => {
    const { folder, environment } = bundleOf(name);
    const [missing] = Object.keys(environment).filter((variable) => variable !== 'POWERTOOLS_SERVICE_NAME');
    const { [String(missing)]: _, ...rest } = environment;

    await expect(load(folder, rest)).rejects.toThrow(`missing environment variables: ${missing}`);
  });
});

it('the decoder in the bundle decodes an image, and the validator judges a GLB', async () => {
  const script = `
    const { Worker } = await import('node:worker_threads');
    const { once } = await import('node:events');
    const thread = new Worker('./decoder-thread.mjs', { execArgv: [] });
    await once(thread, 'message');
    thread.postMessage({ bytes: Buffer.from(process.argv[1], 'base64'), maxSide: 6000 });
    const [decoded] = await once(thread, 'message');
    await thread.terminate();
    process.stdout.write(JSON.stringify(decoded));`;
  const image = (await png()).toString('base64');
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script, image], {
    cwd: bundleOf('SubmitJob').folder,
  });
  expect(JSON.parse(stdout)).toEqual({ is: 'image', width: 24, height: 24 });

  const judge = `
    const { Worker } = await import('node:worker_threads');
    const { once } = await import('node:events');
    const thread = new Worker('./validator-thread.mjs', { execArgv: [] });
    thread.postMessage(new Uint8Array(Buffer.from(process.argv[1], 'base64')));
    const [{ validation }] = await once(thread, 'message');
    process.stdout.write(JSON.stringify(validation));`;
  const model = glb().toString('base64');
  const judged = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', judge, model], {
    cwd: bundleOf('StoreAssets').folder,
  });
  expect(JSON.parse(judged.stdout)).toMatchObject({ errors: expect.any(Number) as number });
});

describe('the names that the machine matches on', () => {
  it.each([
    ['CheckJob', 'ScenarioBusyError'],
    ['CheckJob', 'ScenarioUnavailableError'],
    ['CheckJob', 'ScenarioAccountError'],
    ['CheckJob', 'AwsUnavailableError'],
    ['StoreAssets', 'ScenarioBusyError'],
    ['StoreAssets', 'ScenarioUnavailableError'],
    ['StoreAssets', 'ScenarioAccountError'],
    ['StoreAssets', 'AssetNotReadyError'],
    ['StoreAssets', 'DownloadBrokenError'],
    ['StoreAssets', 'AwsUnavailableError'],
  ])('survive the bundler as literals: %s throws %s', (name, error) => {
    expect(bundleOf(name).text).toMatch(new RegExp(`\\bname\\s*=\\s*["']${error}["']`));
  });
});

/** What `handler` is, in a process that has this environment and none of ours. */
async function load(folder: string, environment: Readonly<Record<string, string>>): Promise<string> {
  const script = `process.stdout.write(typeof (await import('./index.mjs')).handler)`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: folder,
    env: { AWS_REGION: 'us-east-1', ...environment },
  });
  return stdout;
}
