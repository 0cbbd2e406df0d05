/** A request that the page cannot answer. The message says why, and what is allowed. */
export class BadCallError extends Error {
  override readonly name = 'BadCallError';
  readonly status: number;

  constructor(message: string, status = 400) {
    super(message);
    this.status = status;
  }
}
