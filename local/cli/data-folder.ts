import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { UsageError } from '../../operator/usage-error.ts';

/**
 * Takes a data folder for this process alone. The lock is the kernel's, on a file: it goes with the process however that
 * ends, and of two that start at once only one can have it.
 *
 * @returns releases it
 * @throws UsageError when another process has it, or the folder cannot be made
 */
export async function lockDataFolder(folder: string): Promise<() => void> {
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw new UsageError(`the data folder ${folder} cannot be made; name another with --data`, {
      cause,
    });
  });
  const lock = new DatabaseSync(join(folder, 'lock'));
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    const owner = await ownerOf(folder);
    throw new UsageError(`the data folder ${folder} is in use${owner}; stop that one or name another with --data`, {
      cause,
    });
  }
  return () => lock.close();
}

async function ownerOf(folder: string): Promise<string> {
  const text = await readFile(join(folder, 'local.json'), 'utf8').catch(() => '');
  const pid = /"pid":(\d+)/.exec(text)?.[1];
  return pid === undefined ? '' : ` by process ${pid}`;
}
