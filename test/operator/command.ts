import { execFile } from 'node:child_process';
import { join } from 'node:path';

const folderOfCommands = join(import.meta.dirname, '..', '..', 'operator');

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs an operator command, as npm does. */
export async function operatorCommand(
  name: 'redrive' | 'redeliver' | 'cancel',
  args: readonly string[],
  cwd?: string,
): Promise<Ended> {
  return await new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [join(folderOfCommands, `${name}.ts`), ...args],
      { cwd },
      (_, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}
