/** The value that a text is the JSON of. Undefined when it is none: whoever reads it decides what that means. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
