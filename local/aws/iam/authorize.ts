import type { Access } from './access.ts';
import type { Statement } from './statements.ts';

/** Returns the pattern of a resource by which some statement allows the access. Undefined if none does. */
export function grantOf(statements: readonly Statement[], { action, resource }: Access): string | undefined {
  return statements
    .filter(({ actions }) => actions.some((pattern) => fits(pattern, action)))
    .flatMap(({ resources }) => resources)
    .find((pattern) => fits(pattern, resource));
}

const expressions = new Map<string, RegExp>();

/** `*` stands for any characters, slashes included, and `?` for one. */
export function fits(pattern: string, text: string): boolean {
  const known = expressions.get(pattern) ?? expressionOf(pattern);
  expressions.set(pattern, known);
  return known.test(text);
}

function expressionOf(pattern: string): RegExp {
  const parts = pattern.split(/([*?])/).map((part) => (part === '*' ? '.*' : part === '?' ? '.' : RegExp.escape(part)));
  return new RegExp(`^${parts.join('')}$`, 's');
}

/** The message of IAM. */
export function denial(who: string, { action, resource }: Access): string {
  return `User: ${who} is not authorized to perform: ${action} on resource: "${resource}" because no identity-based policy allows the ${action} action`;
}
