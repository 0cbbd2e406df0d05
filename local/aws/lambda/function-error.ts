/**
 * A function failed. Step Functions receives the name and the message: the error's own name, and JSON that contains its
 * message.
 */
export class FunctionError extends Error {
  override readonly name: string;

  constructor(errorType: string, errorMessage: string, trace: readonly string[] = []) {
    super(JSON.stringify({ errorType, errorMessage, trace }));
    this.name = errorType;
  }
}
