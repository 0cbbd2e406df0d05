import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

type Clean = () => Promise<void>;

/** A folder that is gone when the test ends, or whenever its maker says. */
export async function temporaryFolder(atEnd: (clean: Clean) => void = onTestFinished): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'meshdrop-test-'));
  atEnd(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
