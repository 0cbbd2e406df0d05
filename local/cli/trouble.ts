/** What is wrong with the machine, by the error code of Node.js, and what to do. */
const TROUBLE: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: free some space, and start again',
  EDQUOT: 'your disk quota is used up: free some space, and start again',
  EROFS: 'the file system is read-only: name other folders with --data and --out',
  EACCES:
    'you may not read or write it: change its owner or its permissions, or name other folders with --data and --out',
  EPERM: 'you may not change it: change its owner or its permissions, or name other folders with --data and --out',
  ENOTDIR: 'a part of the path is a file, not a folder: move it away, or name another folder',
  EISDIR: 'it is a folder where a file must be: move it away, or name another folder',
  EEXIST: 'something else is in its place: move it away, or name another folder',
  EMFILE: 'this process has too many open files: raise the limit with "ulimit -n 4096"',
  ENFILE: 'this machine has too many open files: stop other programs',
  ENOMEM: 'this machine is out of memory: stop other programs',
  EIO: 'the disk does not work: check it, or name other folders with --data and --out',
  ENAMETOOLONG: 'the path is too long: name a folder with a shorter path',
  ELOOP: 'its symbolic links lead in a circle: remove them, or name another folder',
};

/** A sentence for trouble with this machine's files. Undefined for everything else, which is a bug. */
export function describeTrouble(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, path } = error as Error & { readonly code?: unknown; readonly path?: unknown };
  if (typeof code === 'string' && code.startsWith('ERR_SQLITE')) return `the lock of the data folder: ${error.message}`;
  const known = TROUBLE[String(code)];
  if (known === undefined) return error.cause === undefined ? undefined : describeTrouble(error.cause);
  return typeof path === 'string' ? `${path}: ${known}` : known;
}
