/** A function failed. Name and message are what Step Functions sees: the error's own name, and JSON around its message. */
export class FunctionError extends Error {
  override readonly name: string;

  constructor(errorType: string, errorMessage: string, trace: readonly string[] = []) {
    super(JSON.stringify({ errorType, errorMessage, trace }));
    this.name = errorType;
  }
}
