import { type ChildProcess, spawn } from 'node:child_process';
import { glob, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { anotherPicture, files } from '../simulation/world/images.ts';

/** The local run with many images, and its next start with all of them finished. */
export interface LocalRow {
  readonly images: number;
  readonly imagesPerSecond: number;
  /** The highest memory of the process itself, without those of the functions. */
  readonly peakMegabytes: number;
  /** Of the next start, until the page is served. */
  readonly startCpuSeconds: number;
  readonly startMegabytes: number;
  /** The same in an empty folder. */
  readonly emptyStartCpuSeconds: number;
}

const start = join(import.meta.dirname, '..', '..', 'local', 'cli', 'start.mjs');
/** Scenario's request limit must not be what is measured. */
const FAST = ['--job-seconds', '0', '--speed', '50', '--renditions', 'none', '--port', '0', '--page-port', '0'];

export async function local({ images = 1_000 } = {}): Promise<LocalRow> {
  const folder = await mkdtemp(join(tmpdir(), 'meshdrop-local-'));
  try {
    const pictures = join(folder, 'images');
    await mkdir(pictures);
    const paths = Array.from({ length: images }, (_, n) => join(pictures, `${n}.png`));
    for (const [n, path] of paths.entries()) await writeFile(path, anotherPicture(files.png, n));
    const empty = await startOnce(join(folder, 'empty'));
    const data = join(folder, 'data');
    const from = performance.now();
    const child = run([...paths, ...FAST, '--data', data, '--out', join(folder, 'out')]);
    let peakMegabytes = 0;
    while (child.exitCode === null) {
      peakMegabytes = Math.max(peakMegabytes, await megabytesOf(child));
      await sleep(250);
    }
    const seconds = (performance.now() - from) / 1000;
    const stored = await Array.fromAsync(glob('*/*/manifest.json', { cwd: join(folder, 'out') }));
    const next = await startOnce(data);
    return {
      images: stored.length,
      imagesPerSecond: stored.length / seconds,
      peakMegabytes,
      startCpuSeconds: next.cpuSeconds,
      startMegabytes: next.megabytes,
      emptyStartCpuSeconds: empty.cpuSeconds,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function run(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [start, ...args], { stdio: 'ignore' });
}

/** Starts without images until the page is served, then ends it. */
async function startOnce(data: string): Promise<{ cpuSeconds: number; megabytes: number }> {
  const child = run(['--port', '0', '--page-port', '0', '--data', data]);
  const isServed = async () => {
    const text = await readFile(join(data, 'local.json'), 'utf8').catch(() => '{}');
    return (JSON.parse(text) as { pid?: number }).pid === child.pid;
  };
  while (!(await isServed())) await sleep(20);
  const figures = { cpuSeconds: await cpuSecondsOf(child), megabytes: await megabytesOf(child) };
  child.kill('SIGINT');
  await new Promise((resolve) => child.once('close', resolve));
  return figures;
}

async function megabytesOf({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Math.round((Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024) / 1_000_000);
}

/** Linux counts hundredths of a second. */
async function cpuSecondsOf({ pid }: ChildProcess): Promise<number> {
  const [, fields = ''] = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ');
  const [user = 0, system = 0] = fields.split(' ').slice(11, 13).map(Number);
  return (user + system) / 100;
}
