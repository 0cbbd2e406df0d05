import { S3Error } from './s3-error.ts';

const MAX_KEY_BYTES = 1024;

/** Any text that is text; the disk never sees it, so `..` or a leading `/` are nothing special. */
export function requireKey(key: string): void {
  if (key === '' || !key.isWellFormed()) throw new S3Error('InvalidURI', 'The key is empty or not valid Unicode.');
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw new S3Error('KeyTooLongError', 'Your key is too long');
}
