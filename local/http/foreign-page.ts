import type { IncomingHttpHeaders } from 'node:http';

const OWN_NAMES = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i;

/** Whether a Host header names this machine. Any other name is a sign of DNS rebinding. */
export function isLoopback(host: string | undefined): boolean {
  return OWN_NAMES.test(host ?? '');
}

const READING = ['GET', 'HEAD', 'OPTIONS'];

/**
 * Whether a web page that this server did not serve sends the request. A browser sends such requests for any page, also
 * for one on another port of this machine. It names the page, and never lets the page read the answer.
 */
export function isFromForeignPage(method: string | undefined, headers: IncomingHttpHeaders): boolean {
  const { host, origin } = headers;
  const from = origin === undefined ? undefined : (URL.parse(origin)?.host ?? 'unknown');
  if (READING.includes(method ?? '')) return from !== undefined && !isLoopback(from);
  const site = headers['sec-fetch-site'];
  return (from !== undefined && from !== host) || (site !== undefined && site !== 'same-origin' && site !== 'none');
}
