import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Readable } from 'node:stream';
import { USER_AGENT } from '../scenario/http.ts';

/** The status and headers of a response, and its body as a stream. */
export type StreamedResponse = Readable & Pick<IncomingMessage, 'statusCode' | 'headers'>;

/** Makes one GET request. Follows no redirects. */
export type Get = (
  url: URL,
  options: { readonly signal: AbortSignal; readonly lookup?: LookupFunction },
) => Promise<StreamedResponse>;

/** Uses Node's own client because it accepts a lookup function, unlike `fetch`. */
export const httpGet: Get = async (url, options) => {
  const { promise, resolve, reject } = Promise.withResolvers<StreamedResponse>();
  // Uses a new connection for each file, so that every connection checks the address of its own host.
  const request = { ...options, agent: false, headers: { 'accept-encoding': 'identity', ...USER_AGENT } } as const;
  (url.protocol === 'https:' ? https : http).get(url, request, resolve).on('error', reject);
  return await promise;
};
