import { readFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataFolderError } from './data-folder-error.ts';

/** @throws DataFolderError if the file is damaged */
export function readJson(file: string): unknown {
  const text = readFileSync(file, 'utf8');
  try {
    return JSON.parse(text);
  } catch {
    throw new DataFolderError(file, 'is damaged: it is not JSON');
  }
}

let written = 0;

/** Writes a temporary file, syncs it, and renames it, so that a reader never sees a partial file. */
export async function writeWhole(file: string, content: string | Uint8Array, mode = 0o666): Promise<void> {
  written += 1;
  const beside = `${file}.${process.pid}.${written}`;
  for (;;) {
    try {
      return await writeBeside(beside, file, content, mode);
    } catch (error) {
      await rm(beside, { force: true });
      if (!isDiskFull(error)) throw error;
      // Everything that depends on the document waits until there is space.
      await sleep(FULL_DISK_MS);
    }
  }
}

const FULL_DISK_MS = 1_000;

function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['ENOSPC', 'EDQUOT'].includes(String(error.code));
}

async function writeBeside(beside: string, file: string, content: string | Uint8Array, mode: number): Promise<void> {
  const handle = await open(beside, 'w', mode);
  try {
    await handle.writeFile(content);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await rename(beside, file);
}
