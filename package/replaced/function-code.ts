import { join } from 'node:path';

/** In the package, the bundles are there already. */
export function functionFolder(name: string): string {
  return join(import.meta.dirname, '..', 'functions', name);
}
