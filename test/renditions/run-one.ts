import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Outcome } from './make-one.ts';

const program = join(import.meta.dirname, 'make-one.ts');
const MAX_MS = 300_000;

/** Makes the renditions of a model of the corpus in a process of its own, so that its memory can be measured. */
export async function runOne(name: string, folder?: string): Promise<Outcome> {
  const args = [program, name, ...(folder === undefined ? [] : [folder])];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: MAX_MS, maxBuffer: 10_000_000 });
  const line = stdout.split('\n').find((one) => one.startsWith('{'));
  if (line === undefined) throw new Error(`${name} gave no result: ${stdout}`);
  return JSON.parse(line) as Outcome;
}
