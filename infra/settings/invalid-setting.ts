/** A setting is not valid, alone or together with another one. The message names it and says what is allowed. */
export class InvalidSettingError extends Error {
  override readonly name = 'InvalidSettingError';
}
