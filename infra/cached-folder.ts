import { createHash } from 'node:crypto';
import { globSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';

/** A folder whose content follows from files of the project. */
interface CachedFolder {
  readonly folder: string;
  /** Whether an earlier process has already made it. */
  readonly isMade: boolean;
  /** The folder to fill if it is not made. */
  readonly fresh: string;
  /** Turns `fresh` into `folder`. */
  readonly keep: () => void;
}

const project = join(import.meta.dirname, '..');

/**
 * Finds the folder that was made from the same inputs.
 *
 * @param name of the kind of folder
 * @param patterns globs of the files that it is made from
 */
export function cachedFolder(name: string, patterns: readonly string[]): CachedFolder {
  const cache = join(project, 'node_modules', '.cache', name);
  const folder = join(cache, hashOf(patterns));
  const fresh = `${folder}.${process.pid}`;
  const isMade = statSync(folder, { throwIfNoEntry: false }) !== undefined;
  mkdirSync(cache, { recursive: true });
  if (isMade) utimesSync(folder, new Date(), new Date());
  return {
    folder,
    isMade,
    fresh,
    keep: () => {
      rename(fresh, folder);
      forgetOld(cache);
    },
  };
}

function hashOf(patterns: readonly string[]): string {
  const hash = createHash('sha256').update(process.version);
  for (const file of globSync([...patterns, 'package-lock.json', 'tsconfig.json'], { cwd: project }).sort())
    hash.update(`\n${file}\n`).update(readFileSync(join(project, file)));
  return hash.digest('hex').slice(0, 32);
}

/** Two processes that start at the same time make the same folder. The second one keeps what the first one made. */
function rename(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch {
    rmSync(from, { recursive: true, force: true });
  }
}

const KEPT = 4;

function forgetOld(cache: string): void {
  const folders = globSync('*', { cwd: cache }).map((name) => join(cache, name));
  const dated = folders.map((path) => ({ path, used: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }));
  for (const { path } of dated.sort((a, b) => b.used - a.used).slice(KEPT))
    rmSync(path, { recursive: true, force: true });
}
