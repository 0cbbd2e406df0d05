import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { cachedFolder } from './cached-folder.ts';

let made: string | undefined;

/**
 * Returns the folder with the bundle of a function. In a checkout, bundles the functions first if a source has changed.
 * The package contains the bundles, and has its own version of this file: `package/replaced`.
 *
 * @param name the folder below `functions/`
 */
export function functionFolder(name: string): string {
  made ??= bundles();
  return join(made, name);
}

function bundles(): string {
  const program = join(import.meta.dirname, 'bundle-functions.ts');
  const { folder, isMade, fresh, keep } = cachedFolder('functions', ['functions/**/*.ts', 'infra/bundle*.ts']);
  if (isMade) return folder;
  execFileSync(process.execPath, [program, fresh], { stdio: ['ignore', 'ignore', 'inherit'] });
  keep();
  return folder;
}
