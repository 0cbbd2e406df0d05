/**
 * An AWS service did not answer, asked for fewer requests after the client's own retries, or refuses because of our own
 * environment. Worth a retry.
 */
export class AwsUnavailableError extends Error {
  override readonly name = 'AwsUnavailableError';
  /** A retry helps only once somebody has fixed the environment. */
  readonly isRefusal: boolean;

  constructor(
    message: string,
    { isRefusal = false, ...options }: ErrorOptions & { readonly isRefusal?: boolean } = {},
  ) {
    super(message, options);
    this.isRefusal = isRefusal;
  }
}

/** A document cannot be understood: a newer version wrote it, or somebody damaged it. Never overwrite it. */
export class DocumentUnreadableError extends Error {
  override readonly name = 'DocumentUnreadableError';
}

/** Converts anything that was thrown to an error. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** Does work that is useful but not needed. Returns undefined if it fails with one of these errors. */
export async function orNothing<T>(
  passing: readonly (new (...args: never[]) => Error)[],
  work: () => Promise<T>,
): Promise<T | undefined> {
  return await work().catch((error: unknown) => {
    if (passing.some((one) => error instanceof one)) return undefined;
    throw error;
  });
}
