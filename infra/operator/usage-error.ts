/** The command was called wrongly. The message says what is wrong and what to do; the exit code is 2. */
export class WrongCallError extends Error {
  override readonly name = 'WrongCallError';
}
