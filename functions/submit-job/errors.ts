/** The run cannot continue in this invocation; its message returns to the queue. Not a fault of the run. */
export class TryLaterError extends Error {
  override readonly name = 'TryLaterError';
  /** When the message should come back. 0: at once, so that no other message takes its place. */
  readonly inSeconds: number;

  constructor(message: string, inSeconds = 0) {
    super(message);
    this.inSeconds = inSeconds;
  }
}
