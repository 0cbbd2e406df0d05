import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { cachedFolder } from '../../infra/cached-folder.ts';

const project = join(import.meta.dirname, '..', '..');

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
  const { folder, isMade, fresh, keep } = cachedFolder('assemblies', ['cdk.json', '{infra,functions}/**/*.ts']);
  if (isMade) return folder;
  await synthesize(fresh);
  keep();
  return folder;
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
