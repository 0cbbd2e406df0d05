/** A setting is wrong, alone or beside another. The message says which, and what is allowed. */
export class WrongSettingError extends Error {
  override readonly name = 'WrongSettingError';
}
