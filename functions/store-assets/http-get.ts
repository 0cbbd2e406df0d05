import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Readable } from 'node:stream';

/** The head of an answer, and its body to be read. */
export type Answer = Readable & Pick<IncomingMessage, 'statusCode' | 'headers'>;

/** One GET, without following anything. */
export type Get = (
  url: URL,
  options: { readonly signal: AbortSignal; readonly lookup?: LookupFunction },
) => Promise<Answer>;

/** Node's own client, because a name is looked up by whom we say: `fetch` can not be told. */
export const httpGet: Get = async (url, options) => {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  // A connection of its own for each file: none is left over that was checked for something else.
  const request = { ...options, agent: false, headers: { 'accept-encoding': 'identity' } } as const;
  (url.protocol === 'https:' ? https : http).get(url, request, resolve).on('error', reject);
  return await promise;
};
