import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

type Clean = () => Promise<void>;

/** Creates a folder that is removed at the end of the test, or at the time that the caller sets. */
export async function temporaryFolder(atEnd: (clean: Clean) => void = onTestFinished): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'meshdrop-test-'));
  atEnd(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
