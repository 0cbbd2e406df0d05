import type { Access } from './access.ts';
import type { Statement } from './statements.ts';

/** Whether some statement allows the access. */
export function isAllowed(statements: readonly Statement[], { action, resource }: Access): boolean {
  return statements.some(
    ({ actions, resources }) =>
      actions.some((pattern) => fits(pattern, action)) && resources.some((pattern) => fits(pattern, resource)),
  );
}

/** `*` stands for any characters, slashes included, and `?` for one. */
export function fits(pattern: string, text: string): boolean {
  const parts = pattern.split(/([*?])/).map((part) => (part === '*' ? '.*' : part === '?' ? '.' : RegExp.escape(part)));
  return new RegExp(`^${parts.join('')}$`, 's').test(text);
}

/** The message of IAM. */
export function denial(who: string, { action, resource }: Access): string {
  return `User: ${who} is not authorized to perform: ${action} on resource: "${resource}" because no identity-based policy allows the ${action} action`;
}
