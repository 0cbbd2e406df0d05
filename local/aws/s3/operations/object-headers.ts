import { isUtf8 } from 'node:buffer';
import { CHECKSUM_ALGORITHMS } from '../storage/checksum.ts';
import { S3Error } from '../s3-error.ts';
import type { Description, ObjectVersion, StoredHeaders } from '../stored-version.ts';

const MAX_METADATA_BYTES = 2048;
const META = 'x-amz-meta-';

type Headers = Readonly<Record<string, string>>;

/** The headers of stored fields. In a query, `response-<header>` overrides the value. */
const STORED: Readonly<Record<keyof StoredHeaders, string>> = {
  contentType: 'content-type',
  contentDisposition: 'content-disposition',
  cacheControl: 'cache-control',
  contentEncoding: 'content-encoding',
  contentLanguage: 'content-language',
  expires: 'expires',
};

/** Reads the description of an object from the headers of its upload. @throws S3Error MetadataTooLarge */
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

/** Returns the description of an object, for a copy. */
export function descriptionOf(object: ObjectVersion): Description {
  const words = new Set([...Object.keys(STORED), 'metadata', 'tags']);
  return Object.fromEntries(Object.entries(object).filter(([field]) => words.has(field)));
}

/** Returns the headers of a GET or HEAD of the whole object, except its length. */
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
  for (const [name, value] of Object.entries(object.metadata ?? {})) headers[META + name] = metadataText(value);
  if (object.tags) headers['x-amz-tagging-count'] = String(Object.keys(object.tags).length);
  return headers;
}

/** Returns the headers that identify the bytes: ETag and version. */
export function identityOf({ etag, versionId }: Pick<ObjectVersion, 'etag' | 'versionId'>): Record<string, string> {
  return { etag: `"${etag}"`, ...(versionId && { 'x-amz-version-id': versionId }) };
}

export function checksumHeadersOf({ checksum }: Pick<ObjectVersion, 'checksum'>): Record<string, string> {
  if (!checksum) return {};
  return { [`x-amz-checksum-${checksum.algorithm}`]: checksum.value, 'x-amz-checksum-type': checksum.type };
}

/** Returns the checksum as an XML element, such as `ChecksumCRC32`. */
export function checksumElementsOf(checksum: { algorithm: string; value: string } | undefined): Record<string, string> {
  return checksum ? { [`Checksum${checksum.algorithm.toUpperCase()}`]: checksum.value } : {};
}

/** Returns the checksum in an XML part or in headers, if there is one. */
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

/** Removes `aws-chunked`, which describes the transfer and not the content. */
function withoutFraming(encoding: string | undefined): string | undefined {
  const kept = encoding?.split(',').filter((name) => name.trim() !== 'aws-chunked');
  return kept?.join(',').trim() || undefined;
}

/** Metadata is kept as one character for each byte. S3 sends anything but ASCII in RFC 2047. */
function metadataText(value: string): string {
  if (/^[\t\u0020-\u007e]*$/.test(value)) return value;
  const bytes = Buffer.from(value, 'latin1');
  // A client may have sent Latin-1.
  return `=?UTF-8?B?${(isUtf8(bytes) ? bytes : Buffer.from(value)).toString('base64')}?=`;
}

/** A header holds one byte per character. Encodes any other text as S3 does, in RFC 2047. */
function headerText(value: string): string {
  return /^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(value)
    ? value
    : `=?UTF-8?B?${Buffer.from(value).toString('base64')}?=`;
}
