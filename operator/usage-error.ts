/** A command has an invalid command line. The message says why and what to do. The exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
