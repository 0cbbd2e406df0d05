import { S3Error } from '../s3-error.ts';

const MAX_KEY_BYTES = 1024;

/** Accepts any valid Unicode. Keys never become file names, so `..` and a leading `/` are safe. */
export function requireKey(key: string): void {
  if (key === '' || !key.isWellFormed()) throw new S3Error('InvalidURI', 'The key is empty or not valid Unicode.');
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw new S3Error('KeyTooLongError', 'Your key is too long');
}
