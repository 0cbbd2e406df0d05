import * as z from 'zod';

/**
 * Documents in S3 outlive the code that wrote them. They are read tolerantly, so that a rolled-back deployment
 * understands what a newer one wrote, and written strictly, so that nothing unknown comes from this version.
 *
 * A minor version may add fields; a reader keeps the fields that it does not know. A new major version cannot be read.
 */
export const schemaVersion1 = z.string().regex(/^1\.\d+$/);

/** @returns the value itself, with its unknown fields, or undefined if it does not fit the schema otherwise */
export function readTolerantly<T>(schema: z.ZodType<T>, value: unknown): T | undefined {
  const { error } = schema.safeParse(value);
  return error === undefined || error.issues.every(isUnknownField) ? (value as T) : undefined;
}

/**
 * @param replaced the document that it replaces, whose unknown fields may stay
 * @returns the same value, as JSON stores it
 * @throws Error naming what does not fit the schema
 */
export function checkStrictly<T>(schema: z.ZodType<T>, value: T, replaced?: unknown): T {
  const stored: unknown = JSON.parse(JSON.stringify(value));
  const { error } = schema.safeParse(stored);
  const known = JSON.stringify(replaced ?? {});
  const isKept = (issue: z.core.$ZodIssue) =>
    issue.code === 'unrecognized_keys' && issue.keys.every((key) => known.includes(`${JSON.stringify(key)}:`));
  if (error === undefined || error.issues.every(isKept)) return stored as T;
  throw new Error(`a document must not be written like this: ${z.prettifyError(error)}`);
}

function isUnknownField({ code }: z.core.$ZodIssue): boolean {
  return code === 'unrecognized_keys';
}
