import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { WrongCallError } from './wrong-call.ts';

/**
 * Takes a data folder for this process alone.
 *
 * @returns releases it
 * @throws WrongCallError when another process has it
 */
export async function lockDataFolder(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw new WrongCallError(`the data folder ${folder} can not be made; name another with --data`, {
      cause,
    });
  });
  const file = join(folder, 'lock');
  for (let tries = 0; tries < 3; tries += 1) {
    try {
      const handle = await open(file, 'wx');
      await handle.writeFile(String(process.pid));
      await handle.close();
      return () => rm(file, { force: true });
    } catch (error) {
      if (!isAlreadyThere(error)) throw error;
      const pid = Number(await readFile(file, 'utf8').catch(() => ''));
      if (await isAlive(pid)) {
        throw new WrongCallError(
          `the data folder ${folder} is in use by process ${pid}; stop that one or name another with --data`,
        );
      }
      await rm(file, { force: true });
    }
  }
  throw new WrongCallError(`the data folder ${folder} is in use; name another with --data`);
}

function isAlreadyThere(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}

/** What the process was started with, as package.json says. */
const COMMAND = 'start.mjs';

/** A lock of a process that was killed is no lock. Its number may belong to a stranger by now: on Linux that shows. */
async function isAlive(pid: number): Promise<boolean> {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => COMMAND);
  return command.includes(COMMAND);
}
