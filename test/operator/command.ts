import { execFile } from 'node:child_process';
import { join } from 'node:path';

const program = join(import.meta.dirname, '..', '..', 'package', 'start.mjs');

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs an operator command, as npm does. */
export async function operatorCommand(name: string, args: readonly string[], cwd?: string): Promise<Ended> {
  return await new Promise((resolve) => {
    const child = execFile(process.execPath, [program, name, ...args], { cwd }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}
