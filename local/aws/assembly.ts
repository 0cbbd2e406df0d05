import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { glob, mkdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';

const project = join(import.meta.dirname, '..', '..');
const cache = join(project, 'node_modules', '.cache', 'meshdrop');

const cdkConfig = z.object({ context: z.record(z.string(), z.unknown()).default({}) });

/** The CDK app did not synthesize, usually because a setting is wrong. */
export class SynthError extends Error {
  override readonly name = 'SynthError';
}

/**
 * Returns the folder of the cloud assembly that CDK synthesizes from this checkout, with the bundles. Reuses an earlier
 * assembly if no input has changed.
 *
 * @throws SynthError with the message of the app
 */
export async function assembly(): Promise<string> {
  const folder = join(cache, await hashOfInputs());
  const isThere = await stat(join(folder, 'manifest.json')).catch(() => undefined);
  if (isThere) {
    await utimes(folder, new Date(), new Date());
    return folder;
  }
  await mkdir(cache, { recursive: true });
  const fresh = `${folder}.${process.pid}`;
  await synthesize(fresh);
  // Two processes that start at the same time make the same assembly. The second one keeps what the first one wrote.
  await rename(fresh, folder).catch(() => rm(fresh, { recursive: true, force: true }));
  await forgetOld();
  return folder;
}

/** Hashes every file that the template and the bundles are made from. */
async function hashOfInputs(): Promise<string> {
  const hash = createHash('sha256')
    .update(process.version)
    .update(await readFile(import.meta.filename));
  const sources = await Array.fromAsync(glob('{infra,functions}/**/*.ts', { cwd: project }));
  for (const file of ['cdk.json', 'package-lock.json', 'tsconfig.json', ...sources.sort()]) {
    hash.update(`\n${file}\n`).update(await readFile(join(project, file)));
  }
  return hash.digest('hex').slice(0, 32);
}

async function cdkContext(): Promise<Record<string, unknown>> {
  try {
    return cdkConfig.parse(JSON.parse(await readFile(join(project, 'cdk.json'), 'utf8'))).context;
  } catch (cause) {
    throw new SynthError(`cdk.json cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

/** Does what `cdk synth` does, but saves the second that the CDK command line takes to start. */
async function synthesize(folder: string): Promise<void> {
  const context = await cdkContext();
  const asTheCommandLine = {
    ...context,
    'aws:cdk:enable-path-metadata': true,
    'aws:cdk:enable-asset-metadata': true,
  };
  const env = { ...process.env, CDK_OUTDIR: folder, CDK_CONTEXT_JSON: JSON.stringify(asTheCommandLine) };
  try {
    await promisify(execFile)(process.execPath, ['infra/app.ts'], {
      cwd: project,
      env,
      maxBuffer: 64 * 1024 * 1024,
    });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    const output = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    throw new SynthError(output.trim(), { cause: error });
  }
}

const KEPT = 4;

async function forgetOld(): Promise<void> {
  const folders = await Array.fromAsync(glob('*', { cwd: cache }));
  const dated = await Promise.all(
    folders.map(async (name) => ({ name, used: (await stat(join(cache, name))).mtimeMs })),
  );
  const old = dated.sort((a, b) => b.used - a.used).slice(KEPT);
  await Promise.all(old.map(({ name }) => rm(join(cache, name), { recursive: true, force: true })));
}
