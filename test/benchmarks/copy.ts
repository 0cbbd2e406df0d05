import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { functionFolder } from '../../infra/function-code.ts';

/** How one file is copied, compared with a bare pipe from the host to S3. */
export interface CopyRow {
  readonly megabytes: number;
  readonly validated: boolean;
  /** The best of several turns. */
  readonly seconds: number;
  readonly pipeSeconds: number;
  /** The speed, if that of the bare pipe is 1. */
  readonly speed: number;
  /** The highest memory of the process. */
  readonly peakMegabytes: number;
  readonly pipePeakMegabytes: number;
}

const SIZES = [1, 10, 30, 60, 100, 300, 1_000];

/** Copies files of each size, in turns with the pipe. */
export async function* copy({ sizes = SIZES, turns = 5 } = {}): AsyncGenerator<CopyRow> {
  const folder = await mkdtemp(join(tmpdir(), 'meshdrop-copy-'));
  try {
    const program = await bundle(folder);
    for (const megabytes of sizes) yield await copyOne(program, megabytes, turns);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** As the function is bundled: with the program of the validator's thread beside it. */
async function bundle(folder: string): Promise<string> {
  const outfile = join(folder, 'copy-turn.mjs');
  const shape = { bundle: true, minify: true, keepNames: true, format: 'esm', platform: 'node' } as const;
  const entryPoints = [join(import.meta.dirname, 'copy-turn.ts')];
  await build({ entryPoints, outfile, ...shape, target: 'node24', mainFields: ['module', 'main'] });
  await cp(join(functionFolder('store-assets'), 'validator-thread.mjs'), join(folder, 'validator-thread.mjs'));
  return outfile;
}

interface Turn {
  readonly seconds: number;
  readonly peakMegabytes: number;
  readonly validated: boolean;
}

async function copyOne(program: string, megabytes: number, turns: number): Promise<CopyRow> {
  const { child, origin } = await serving(program, megabytes);
  const play = (mode: 'bare' | 'ours') =>
    JSON.parse(execFileSync(process.execPath, [program, mode, origin], { encoding: 'utf8' })) as Turn;
  const [pipe, own]: [Turn[], Turn[]] = [[], []];
  for (let n = 0; n < turns; n += 1) {
    pipe.push(play('bare'));
    own.push(play('ours'));
  }
  child.kill();
  const best = (of: readonly Turn[]) => Math.min(...of.map(({ seconds }) => seconds));
  const peak = (of: readonly Turn[]) => Math.max(...of.map(({ peakMegabytes }) => peakMegabytes));
  const [seconds, pipeSeconds] = [best(own), best(pipe)];
  return {
    megabytes,
    validated: own.every(({ validated }) => validated),
    seconds,
    pipeSeconds,
    speed: pipeSeconds / seconds,
    peakMegabytes: peak(own),
    pipePeakMegabytes: peak(pipe),
  };
}

async function serving(program: string, megabytes: number): Promise<{ child: ChildProcess; origin: string }> {
  const child = fork(program, ['serve', String(megabytes * 1_000_000)]);
  const [origin] = (await once(child, 'message')) as [string];
  return { child, origin };
}
