import type { ByteRange } from '../storage/blob-folder.ts';
import { identityOf } from './object-headers.ts';
import { S3Error } from '../s3-error.ts';
import type { ObjectVersion } from '../stored-version.ts';

/**
 * Checks If-Match, If-None-Match, If-Modified-Since, and If-Unmodified-Since, or the same conditions with the prefix
 * `x-amz-copy-source-`.
 *
 * @throws S3Error PreconditionFailed; NotModified if the client's copy is current
 */
export function requireReadConditions(
  object: ObjectVersion,
  headers: Readonly<Record<string, string>>,
  prefix: '' | 'x-amz-copy-source-' = '',
): void {
  const condition = (name: string) => headers[prefix + name];
  const modified = Math.floor(object.lastModified.getTime() / 1000) * 1000; // headers have whole seconds
  const [match, noneMatch] = [condition('if-match'), condition('if-none-match')];
  const [since, unmodifiedSince] = [condition('if-modified-since'), condition('if-unmodified-since')];

  const isOther = match === undefined ? modified > dateIn(unmodifiedSince) : !names(match, object.etag);
  if (isOther) throw new S3Error('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
  const isKnown = noneMatch === undefined ? modified <= dateIn(since) : names(noneMatch, object.etag);
  if (isKnown)
    throw new S3Error(prefix ? 'PreconditionFailed' : 'NotModified', 'Not modified', {
      ...identityOf(object),
      'last-modified': object.lastModified.toUTCString(),
    });
}

/**
 * Reads `bytes=0-9`, `bytes=10-`, or `bytes=-5`. Anything else is ignored and means the whole object.
 *
 * @throws S3Error InvalidRange
 */
export function rangeIn(header: string | undefined, size: number): ByteRange | undefined {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (from === '' && to === '') return undefined;
  if (from !== '' && to !== '' && Number(to) < Number(from)) return undefined;
  const first = from === '' ? Math.max(size - Number(to), 0) : Number(from);
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (first <= last) return { first, last };
  throw new S3Error('InvalidRange', 'The requested range is not satisfiable', {
    'content-range': `bytes */${size}`,
  });
}

function names(etags: string, etag: string): boolean {
  return etags.split(',').some((one) => one.trim() === '*' || one.trim().replaceAll('"', '') === etag);
}

/** An invalid date compares as false, so its condition is ignored. */
function dateIn(header: string | undefined): number {
  return Date.parse(header ?? '');
}
