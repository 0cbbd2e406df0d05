import { CHECKSUM_ALGORITHMS } from './checksum.ts';
import { S3Error } from './s3-error.ts';
import type { Description, ObjectVersion, StoredHeaders } from './stored-version.ts';

const MAX_METADATA_BYTES = 2048;
const META = 'x-amz-meta-';

type Headers = Readonly<Record<string, string>>;

/** Also the query parameters that put another value in an answer: `response-<header>`. */
const STORED: Readonly<Record<keyof StoredHeaders, string>> = {
  contentType: 'content-type',
  contentDisposition: 'content-disposition',
  cacheControl: 'cache-control',
  contentEncoding: 'content-encoding',
  contentLanguage: 'content-language',
  expires: 'expires',
};

/** What an upload's headers say about its object. @throws S3Error MetadataTooLarge */
export function descriptionIn(headers: Headers): Description {
  const encoding = withoutFraming(headers['content-encoding']);
  const stored = Object.entries(STORED).flatMap(([field, name]) => {
    const value = name === 'content-encoding' ? encoding : headers[name];
    return value === undefined ? [] : [[field, value]];
  });
  const tagging = headers['x-amz-tagging'];
  return {
    ...(Object.fromEntries(stored) as StoredHeaders),
    metadata: metadataIn(headers),
    ...(tagging && { tags: Object.fromEntries(new URLSearchParams(tagging)) }),
  };
}

/** What was said about an object, for a copy of it. */
export function descriptionOf(object: ObjectVersion): Description {
  const words = new Set([...Object.keys(STORED), 'metadata', 'tags']);
  return Object.fromEntries(Object.entries(object).filter(([field]) => words.has(field)));
}

/** What a GET or HEAD of the whole object says besides its length. */
export function headersOf(object: ObjectVersion, query: URLSearchParams): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': 'binary/octet-stream',
    'accept-ranges': 'bytes',
    ...identityOf(object),
    'last-modified': object.lastModified.toUTCString(),
  };
  for (const [field, name] of Object.entries(STORED)) {
    const value = query.get(`response-${name}`) ?? object[field as keyof StoredHeaders];
    if (value !== undefined) headers[name] = headerText(value);
  }
  for (const [name, value] of Object.entries(object.metadata ?? {})) headers[META + name] = headerText(value);
  if (object.tags) headers['x-amz-tagging-count'] = String(Object.keys(object.tags).length);
  return headers;
}

/** Which bytes these are: ETag and version. */
export function identityOf({ etag, versionId }: Pick<ObjectVersion, 'etag' | 'versionId'>): Record<string, string> {
  return { etag: `"${etag}"`, ...(versionId && { 'x-amz-version-id': versionId }) };
}

export function checksumHeadersOf({ checksum }: Pick<ObjectVersion, 'checksum'>): Record<string, string> {
  if (!checksum) return {};
  return { [`x-amz-checksum-${checksum.algorithm}`]: checksum.value, 'x-amz-checksum-type': checksum.type };
}

/** The same as elements: `ChecksumCRC32`, … */
export function checksumElementsOf(checksum: { algorithm: string; value: string } | undefined): Record<string, string> {
  return checksum ? { [`Checksum${checksum.algorithm.toUpperCase()}`]: checksum.value } : {};
}

/** The checksum that an XML part or a header set names, if any. */
export function checksumValueIn(headers: Headers): string | undefined {
  return CHECKSUM_ALGORITHMS.map((name) => headers[`x-amz-checksum-${name}`]).find((value) => value !== undefined);
}

function metadataIn(headers: Headers): Record<string, string> {
  const metadata = Object.entries(headers)
    .filter(([name]) => name.startsWith(META))
    .map(([name, value]): [string, string] => [name.slice(META.length), value]);
  const size = metadata.flat().reduce((sum, text) => sum + text.length, 0);
  if (size > MAX_METADATA_BYTES)
    throw new S3Error('MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size');
  return Object.fromEntries(metadata);
}

/** `aws-chunked` is how the body travelled, not what it is. */
function withoutFraming(encoding: string | undefined): string | undefined {
  const kept = encoding?.split(',').filter((name) => name.trim() !== 'aws-chunked');
  return kept?.join(',').trim() || undefined;
}

/** A header carries one byte per character; what does not fit goes as S3 sends it, in RFC 2047. */
function headerText(value: string): string {
  return /^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(value)
    ? value
    : `=?UTF-8?B?${Buffer.from(value).toString('base64')}?=`;
}
