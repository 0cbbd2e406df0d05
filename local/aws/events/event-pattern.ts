import * as z from 'zod';

/** A JSON object whose leaves are lists of allowed values. */
export type EventPattern = { readonly [key: string]: EventPattern | readonly Matcher[] };
type Matcher = z.infer<typeof matcherSchema>;

/** The EventBridge filters that the local run supports. Reading a rule with any other filter fails. */
const matcherSchema = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.null(),
  z.strictObject({ prefix: z.string() }),
  z.strictObject({ suffix: z.string() }),
  z.strictObject({ exists: z.boolean() }),
  z.strictObject({ 'equals-ignore-case': z.string() }),
  z.strictObject({ 'anything-but': z.union([z.string(), z.array(z.string())]) }),
]);

export const eventPatternSchema: z.ZodType<EventPattern> = z.record(
  z.string(),
  z.union([z.array(matcherSchema).min(1), z.lazy(() => eventPatternSchema)]),
);

/**
 * Returns whether an event matches a pattern by the rules of EventBridge: each field of the pattern must exist in the
 * event and match one of its allowed values. An array in the event matches if one of its items does.
 */
export function matches(pattern: EventPattern, event: unknown): boolean {
  return Object.entries(pattern).every(([key, wanted]) => {
    const value: unknown = typeof event === 'object' && event !== null ? Reflect.get(event, key) : undefined;
    if (!isList(wanted)) return matches(wanted, value);
    const candidates: readonly unknown[] = Array.isArray(value) ? value : [value];
    return wanted.some((matcher) => candidates.some((candidate) => fits(matcher, candidate)));
  });
}

function isList(wanted: EventPattern | readonly Matcher[]): wanted is readonly Matcher[] {
  return Array.isArray(wanted);
}

function fits(matcher: Matcher, value: unknown): boolean {
  if (typeof matcher !== 'object' || matcher === null) return matcher === value;
  if ('exists' in matcher) return matcher.exists === (value !== undefined);
  if (typeof value !== 'string') return false;
  if ('prefix' in matcher) return value.startsWith(matcher.prefix);
  if ('suffix' in matcher) return value.endsWith(matcher.suffix);
  if ('equals-ignore-case' in matcher) return value.toLowerCase() === matcher['equals-ignore-case'].toLowerCase();
  return ![matcher['anything-but']].flat().includes(value);
}
