import { appendFileSync } from 'node:fs';
import type { Access } from '../aws/iam/access.ts';
import type { OnAccess } from '../aws/iam/gatekeeper.ts';

/** A line of the access log. */
export interface LoggedAccess extends Access {
  readonly function: string;
  /** The pattern of a resource by which the policies of the template allow this. Null if it was denied. */
  readonly grant: string | null;
}

/**
 * Writes which permissions the functions use: the first call for each action on each pattern of the policies, and every
 * call that is denied. So the file stays small, whatever the number of images.
 */
export function createAccessLog(file: string): OnAccess {
  const seen = new Set<string>();
  return (functionName, access, grant) => {
    const use = `${functionName} ${access.action} ${grant}`;
    if (grant !== undefined && seen.has(use)) return;
    const line: LoggedAccess = { function: functionName, ...access, grant: grant ?? null };
    try {
      appendFileSync(file, `${JSON.stringify(line)}\n`);
      seen.add(use);
    } catch {
      // A full disk must not refuse the call. The next one tries again.
    }
  };
}
