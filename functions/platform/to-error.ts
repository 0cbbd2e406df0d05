/** What was thrown, as an error: anything can be thrown, and a log wants a name and a message. */
export function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
