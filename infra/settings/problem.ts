import { closestMatch } from 'leven';
import type * as z from 'zod';

type NamesAt = (path: readonly PropertyKey[]) => readonly string[];

/** The first problem as a sentence: where it is, and what to write instead. */
export function problemIn({ issues }: z.ZodError, namesAt: NamesAt): string {
  const [issue] = issues;
  if (issue === undefined) return 'is not valid';
  if (issue.code !== 'unrecognized_keys') return [issue.path.join('.'), solutionOf(issue)].filter(Boolean).join(': ');
  const key = issue.keys[0] ?? '';
  const known = namesAt(issue.path);
  const near = known.find((name) => name.startsWith(key)) ?? closestMatch(key, known, { maxDistance: 3 });
  const guess = near === undefined ? '' : `, did you mean ${near}?`;
  return `${[...issue.path, key].join('.')}: there is no such setting${guess} (known: ${known.join(', ')})`;
}

const KINDS: Readonly<Record<string, string>> = { int: 'integer', record: 'object' };

function solutionOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') {
    const kind = KINDS[issue.expected] ?? issue.expected;
    return `must be ${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind}`;
  }
  if (issue.code === 'too_small' && issue.origin === 'string') return 'must not be empty';
  if (issue.code === 'too_small') return `use ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`;
  if (issue.code === 'too_big') return `use at most ${issue.maximum}`;
  if (issue.code === 'invalid_value') return `use ${issue.values.join(' or ')}`;
  return issue.message;
}
