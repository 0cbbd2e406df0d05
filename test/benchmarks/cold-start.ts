import { execFileSync } from 'node:child_process';
import { cp, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { assembly } from '../../local/aws/assembly.ts';
import { readTemplate } from '../../local/aws/template.ts';

/** What it takes to load one function. */
export interface ColdStartRow {
  readonly function: string;
  /** The median, in milliseconds of processor time. */
  readonly cpuMilliseconds: number;
  /** Compared with a bundle that has nothing but a client of S3, measured in turns. */
  readonly ratio: number;
  readonly kilobytes: number;
}

const project = join(import.meta.dirname, '..', '..');
const BARE = "import { S3Client } from '@aws-sdk/client-s3'; new S3Client(); export const handler = () => {};";

/** Loads a bundle in a process of its own, and prints the processor time that it took. */
const LOAD = `
  const before = process.cpuUsage();
  await import(process.argv[1]);
  const { user, system } = process.cpuUsage(before);
  process.stdout.write(String((user + system) / 1000));
  process.exit();
`;

interface Bundle {
  readonly name: string;
  readonly file: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Loads every function of the synthesized template, and the bare bundle between them. */
export async function coldStart({ turns = 15 }: { turns?: number } = {}): Promise<ColdStartRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'meshdrop-cold-start-'));
  try {
    const bare = { name: 'a bare client of S3', file: join(folder, 'bare.mjs'), environment: {} };
    await bundleBare(bare.file);
    const bundles: Bundle[] = [bare, ...(await copyFunctions(folder))];
    const times = new Map<string, number[]>(bundles.map(({ name }) => [name, []]));
    for (let turn = 0; turn < turns; turn += 1)
      for (const bundle of bundles) times.get(bundle.name)?.push(load(bundle));
    const bareTime = median(times.get(bare.name) ?? []);
    return await Promise.all(
      bundles.map(async ({ name, file }) => {
        const cpuMilliseconds = median(times.get(name) ?? []);
        const { size } = await stat(file);
        return { function: name, cpuMilliseconds, ratio: cpuMilliseconds / bareTime, kilobytes: size / 1000 };
      }),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** With the settings of the functions' own bundles, and the whole SDK, as anybody would bundle it. */
async function bundleBare(outfile: string): Promise<void> {
  const stdin = { contents: BARE, resolveDir: project };
  const shape = { bundle: true, minify: true, keepNames: true, format: 'esm', platform: 'node' } as const;
  await build({ stdin, outfile, ...shape, target: 'node24', mainFields: ['module', 'main'] });
}

/** Copies them out of the project, so that nothing outside of a bundle can be found. */
async function copyFunctions(folder: string): Promise<Bundle[]> {
  const { functions } = await readTemplate(await assembly());
  return await Promise.all(
    functions.map(async ({ name, codeFolder, properties }) => {
      const to = join(folder, name);
      await cp(codeFolder, to, { recursive: true });
      const [file = ''] = properties.Handler.split('.');
      const environment = properties.Environment?.Variables ?? {};
      return { name, file: join(to, `${file}.mjs`), environment };
    }),
  );
}

function load({ file, environment }: Bundle): number {
  const env = { PATH: process.env['PATH'], AWS_REGION: 'us-east-1', ...environment };
  return Number(execFileSync(process.execPath, ['--input-type=module', '-e', LOAD, file], { env, encoding: 'utf8' }));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
