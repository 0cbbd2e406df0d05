import { chmod, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { UsageError } from '../../operator/usage-error.ts';

const SQLITE_BUSY = 5;

/**
 * Locks a data folder for this process. The lock is a file lock of the kernel, so it ends with the process, however
 * that ends, and only one of two processes that start at the same time can get it.
 *
 * @param isShared whether other users of this machine may read the folder
 * @returns a function that releases the lock
 * @throws UsageError if another process has the lock, or the folder can't be created
 */
export async function lockDataFolder(folder: string, isShared: boolean): Promise<() => void> {
  const made = mkdir(folder, { recursive: true, mode: isShared ? 0o777 : 0o700 });
  await made
    .then(() => (isShared ? undefined : chmod(folder, 0o700)))
    .catch((cause: unknown) => {
      throw new UsageError(`cannot create the data folder ${folder}; name another folder with --data`, {
        cause,
      });
    });
  const file = join(folder, 'lock');
  const lock = new DatabaseSync(file);
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    if ((cause as { readonly errcode?: unknown }).errcode !== SQLITE_BUSY)
      throw new UsageError(`the lock file ${file} cannot be used; remove it if no other process uses the folder`, {
        cause,
      });
    const owner = await ownerOf(folder);
    throw new UsageError(
      `the data folder ${folder} is in use${owner}; stop that process or name another folder with --data`,
      {
        cause,
      },
    );
  }
  return () => lock.close();
}

async function ownerOf(folder: string): Promise<string> {
  const text = await readFile(join(folder, 'local.json'), 'utf8').catch(() => '');
  const pid = /"pid":(\d+)/.exec(text)?.[1];
  return pid === undefined ? '' : ` by process ${pid}`;
}
