import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { glob, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { assembly } from '../../local/aws/assembly.ts';
import { copyLarge, copyMemory } from './large-asset.ts';

/**
 * Measures the speed and memory of the local run on this machine. Run `npm run measure`, or `npm run measure -- memory`
 * for the figures with that word in their name. Requires Linux and takes some minutes. Compare only figures of the same
 * run, because they change from day to day.
 */
const project = join(import.meta.dirname, '..', '..');
const image = join(project, 'examples', 'oak-chair.png');
const MB = 1_000_000;

async function seconds(work: () => unknown): Promise<string> {
  const from = performance.now();
  await work();
  return `${((performance.now() - from) / 1000).toFixed(1)} s`;
}

function run(command: string, args: readonly string[], cwd: string): void {
  execFileSync(command, [...args], { cwd, stdio: 'ignore' });
}

async function cloneToModel(folder: string): Promise<void> {
  const clone = join(folder, 'clone');
  run('git', ['clone', '--quiet', project, clone], folder);
  run('npm', ['ci'], clone);
  run('npm', ['start', '--', 'examples/oak-chair.png'], clone);
}

async function oneImage(folder: string): Promise<void> {
  const data = ['--data', join(folder, 'data'), '--out', join(folder, 'out')];
  run(process.execPath, [join(project, 'local', 'cli', 'start.mjs'), image, '--job-seconds', '1', ...data], project);
}

async function serving(folder: string): Promise<{ child: ChildProcess; addresses: Record<string, string> }> {
  const data = join(folder, 'data');
  const child = spawn(
    process.execPath,
    [
      join(project, 'local', 'cli', 'start.mjs'),
      '--port',
      '0',
      '--page-port',
      '0',
      '--speed',
      '50',
      '--job-seconds',
      '1',
      '--data',
      data,
      '--out',
      join(folder, 'out'),
    ],
    { stdio: 'ignore' },
  );
  for (;;) {
    const text = await readFile(join(data, 'local.json'), 'utf8').catch(() => undefined);
    const addresses = text === undefined ? undefined : (JSON.parse(text) as Record<string, string>);
    if (Number(addresses?.['pid']) === child.pid && addresses) return { child, addresses };
    await sleep(5);
  }
}

async function startUntilReady(folder: string): Promise<void> {
  const { child } = await serving(folder);
  child.kill('SIGINT');
  await new Promise((resolve) => child.once('close', resolve));
}

/** Finds the process of a function by the environment variables of Lambda. */
async function processOf(functionName: string, parent: number): Promise<string> {
  for await (const entry of glob('[0-9]*', { cwd: '/proc' })) {
    const environment = await readFile(join('/proc', entry, 'environ'), 'utf8').catch(() => '');
    const status = await readFile(join('/proc', entry, 'status'), 'utf8').catch(() => '');
    const isChild = new RegExp(`^PPid:\\s+${parent}$`, 'm').test(status);
    if (isChild && environment.includes(`AWS_LAMBDA_FUNCTION_NAME=${functionName}\0`)) return entry;
  }
  throw new Error(`no process of ${functionName}`);
}

async function peakMegabytes(pid: string): Promise<number> {
  const kilobytes = /^VmHWM:\s+(\d+)/m.exec(await readFile(join('/proc', pid, 'status'), 'utf8'))?.[1];
  return Math.round((Number(kilobytes) * 1024) / MB);
}

async function storeMemory(folder: string, padBytes: number): Promise<string> {
  const { child, addresses } = await serving(folder);
  const knobs = { method: 'POST', body: JSON.stringify({ gltfPadBytes: padBytes }) };
  await fetch(`${addresses['scenario']}/_control`, knobs);
  await fetch(`${addresses['page']}/uploads/large.png`, { method: 'PUT', body: await readFile(image) });
  const manifest = join(folder, 'out', 'large.png', '*', 'manifest.json');
  const isDone = async () => (await Array.fromAsync(glob(manifest))).length > 0;
  while (!(await isDone())) await sleep(50);
  const figure = `${await peakMegabytes(await processOf('StoreAssets', child.pid ?? 0))} MB`;
  child.kill('SIGINT');
  await new Promise((resolve) => child.once('close', resolve));
  return figure;
}

async function bundleSizes(): Promise<string> {
  const files = await Array.fromAsync(glob(join(await assembly(), 'asset.*', 'index.mjs')));
  const sizes = await Promise.all(files.map(async (file) => Math.round((await stat(file)).size / 1000)));
  return `${sizes.sort((a, b) => a - b).join(', ')} KB`;
}

const measures: readonly (readonly [string, (folder: string) => Promise<string>])[] = [
  ['clean clone to first model, npm ci included', (folder) => seconds(() => cloneToModel(folder))],
  [
    'first start, one image, --job-seconds 1, synth included',
    async (folder) => {
      await rm(join(project, 'node_modules', '.cache', 'meshdrop'), { recursive: true, force: true });
      return await seconds(() => oneImage(folder));
    },
  ],
  ['second start, one image, --job-seconds 1', (folder) => seconds(() => oneImage(folder))],
  ['second start until ready', (folder) => seconds(() => startUntilReady(folder))],
  ['peak memory of StoreAssets, 1 MB asset', (folder) => storeMemory(folder, 0)],
  ['peak memory of StoreAssets, 60 MB asset, validated', (folder) => storeMemory(folder, 60 * MB)],
  ['peak memory of StoreAssets, 200 MB asset', (folder) => storeMemory(folder, 200 * MB)],
  ['peak memory of StoreAssets, 1,000 MB asset', (folder) => storeMemory(folder, 1000 * MB)],
  ['peak memory of a copied GLB of 64 MB', () => copyMemory(63.9 * MB)],
  ['memory and speed of a copied GLB of 1 GB', () => copyLarge(1000 * MB)],
  ['bundles', bundleSizes],
];

const [only = ''] = process.argv.slice(2);

for (const [what, measure] of measures.filter(([what]) => what.includes(only))) {
  const folder = await mkdtemp(join(tmpdir(), 'meshdrop-measure-'));
  process.stdout.write(`${what.padEnd(58)} `);
  process.stdout.write(`${await measure(folder)}\n`);
  await rm(folder, { recursive: true, force: true });
}
