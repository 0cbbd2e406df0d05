/** The model cannot be read, or is too large to work with. The message says why, for the reader of `renditions.json`. */
export class ModelUnreadableError extends Error {
  override readonly name = 'ModelUnreadableError';
}
