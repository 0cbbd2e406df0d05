import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Answer, errorAnswer, send } from './answer.ts';
import { operationOf } from './operations.ts';
import { type IncomingRequest, requestIn } from './request.ts';
import type { ObjectStore } from './store.ts';

/**
 * S3's REST API on a store, for a `node:http` server: path style, any credentials. Give the server
 * `requestTimeout: 0`: Node's own five minutes would cut slow uploads.
 */
export function createS3Handler(
  store: ObjectStore,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    const { method, url, headers } = request;
    // An error half-way must leave the connection open for the answer.
    const body = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
    const answer = await answerS3({ method, url, headers, body }, store);
    try {
      await send(response, answer);
    } catch {
      response.destroy(); // the client is gone, or the disk failed after the head: it must not look complete
    } finally {
      request.resume(); // what nobody read would block the connection
    }
  };
}

/** Answers one request, whatever carries it. Never throws: a refusal is an answer. */
export async function answerS3(request: IncomingRequest, store: ObjectStore): Promise<Answer> {
  // The store's own clock, by which Last-Modified is told too.
  const date = new Date(store.now()).toUTCString();
  try {
    const parsed = requestIn(request, store.now());
    const answer = await operationOf(parsed)(parsed, store);
    return { ...answer, headers: { date, ...answer.headers } };
  } catch (error) {
    const answer = errorAnswer(error, request);
    return { ...answer, headers: { date, ...answer.headers } };
  }
}
