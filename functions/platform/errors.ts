/** A service of AWS did not answer or asked for fewer requests, after the client's own retries. Worth a retry. */
export class AwsUnavailableError extends Error {
  override readonly name = 'AwsUnavailableError';
}

/** A document cannot be understood: a newer version wrote it, or somebody damaged it. It is never written over. */
export class DocumentUnreadableError extends Error {
  override readonly name = 'DocumentUnreadableError';
}

/** What was thrown, as an error. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
