/** The call of a command is not valid. The message says why and what to do. The exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
