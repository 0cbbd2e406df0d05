import type { IncomingHttpHeaders } from 'node:http';
import { S3Error } from '../s3-error.ts';

/** An incoming request, from a socket or from a simulation. */
export interface IncomingRequest {
  readonly method?: string | undefined;
  /** The path and the query, still encoded. */
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: AsyncIterable<Uint8Array>;
}

export interface S3Request {
  readonly method: string;
  /** Empty for an operation on the account. */
  readonly bucket: string;
  /** Empty for an operation on the bucket. */
  readonly key: string;
  readonly query: URLSearchParams;
  /** Keyed by lowercase name. Each character of a value is one byte. */
  readonly headers: Readonly<Record<string, string>>;
  /** The path and the query, still encoded. */
  readonly url: string;
  readonly body: AsyncIterable<Uint8Array>;
}

/** Parses a path-style request: `/<bucket>/<key>`, percent-encoded. @throws S3Error AccessDenied, InvalidURI */
export function requestIn(incoming: IncomingRequest, now: number): S3Request {
  const { method = '', url = '', headers: given, body } = incoming;
  requireLoopback(given.host);
  if (given.origin !== undefined) requireLoopback(hostIn(given.origin));
  const [path, search] = splitOnce(url, '?');
  const [bucket, key] = splitOnce(path.slice(1), '/');
  const query = new URLSearchParams(search);
  requireNotExpired(query, now);
  const headers = { ...presignedHeaders(query), ...headersOf(given) };
  return { method, bucket: decoded(bucket), key: decoded(key), query, headers, url, body };
}

/** Decodes percent-encoding, and leaves `+` as it is. @throws S3Error InvalidURI */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error('InvalidURI', `Not percent-encoded UTF-8: ${text}`);
  }
}

export function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}

/**
 * Refuses any other host, which is a web page that reaches this server through DNS rebinding or a cross-site request.
 */
function requireLoopback(host: string | undefined): void {
  if (host !== undefined && /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i.test(host)) return;
  throw new S3Error('AccessDenied', `Use 127.0.0.1, localhost, or [::1] with path-style addresses, not ${host}`);
}

function hostIn(origin: string): string | undefined {
  return URL.parse(origin)?.host;
}

function requireNotExpired(query: URLSearchParams, now: number): void {
  const expires = expiryIn(query);
  if (expires === undefined || expires >= now) return;
  throw new S3Error('AccessDenied', 'Request has expired');
}

/**
 * Returns the expiry in milliseconds, or 0 if it is invalid. The second form is signature version 2, which `aws s3
 * presign` still writes.
 */
function expiryIn(query: URLSearchParams): number | undefined {
  const [seconds, epochSeconds] = [query.get('X-Amz-Expires'), query.get('Expires')];
  if (seconds === null) return epochSeconds === null ? undefined : Number(epochSeconds) * 1000 || 0;
  const basicFormat = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;
  const signed = (query.get('X-Amz-Date') ?? '').replace(basicFormat, '$1-$2-$3T$4:$5:$6Z');
  return Date.parse(signed) + Number(seconds) * 1000 || 0;
}

/**
 * Returns the `x-amz-…` headers that a presigned URL carries in its query, without the checksum: presigners write the
 * checksum of an empty body, because they don't have the real one.
 */
function presignedHeaders(query: URLSearchParams): Record<string, string> {
  const carried = [...query].filter(([name]) => /^x-amz-(?!checksum-(crc|sha)|sdk-)/i.test(name));
  return Object.fromEntries(
    carried.map(([name, value]) => [name.toLowerCase(), Buffer.from(value).toString('latin1')]),
  );
}

function headersOf(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );
}
