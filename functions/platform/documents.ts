import * as z from 'zod';

/**
 * Documents in S3 outlive the code that wrote them. They are read tolerantly, so that an older deployment understands
 * what a newer one wrote. They are written strictly, so that this version adds no unknown fields.
 *
 * A minor version can add fields, and a reader keeps the fields that it does not know. A new major version is
 * unreadable.
 */
export const schemaVersion1 = z.string().regex(/^1\.\d+$/);

/** @returns the value itself, with its unknown fields, or undefined if it does not fit the schema otherwise */
export function readTolerantly<T>(schema: z.ZodType<T>, value: unknown): T | undefined {
  const { error } = schema.safeParse(value);
  return error === undefined || error.issues.every(isUnknownField) ? (value as T) : undefined;
}

/**
 * @param replaced the document that this one replaces or is made from. Its unknown fields may stay, in the parts that
 *   have them
 * @returns the same value, as JSON stores it
 * @throws Error naming what does not fit the schema
 */
export function checkStrictly<T>(schema: z.ZodType<T>, value: T, replaced?: unknown): T {
  const stored: unknown = JSON.parse(JSON.stringify(value));
  const { error } = schema.safeParse(stored);
  if (error === undefined) return stored as T;
  const known = new Set(fieldsOf(replaced, ''));
  const isKept = (issue: z.core.$ZodIssue) =>
    issue.code === 'unrecognized_keys' && issue.keys.every((key) => known.has(fieldIn(partAt(issue.path), key)));
  if (error.issues.every(isKept)) return stored as T;
  throw new Error(`a document must not be written like this: ${z.prettifyError(error)}`);
}

/** Lists every field with the part that has it, as `upload/key`. All items of a list are the same part. */
function fieldsOf(value: unknown, part: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => fieldsOf(item, part));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [fieldIn(part, key), ...fieldsOf(inner, key)]);
}

function fieldIn(part: string, key: string): string {
  return `${part}/${key}`;
}

function partAt(path: readonly PropertyKey[]): string {
  return path.findLast((step) => typeof step === 'string') ?? '';
}

function isUnknownField({ code }: z.core.$ZodIssue): boolean {
  return code === 'unrecognized_keys';
}
