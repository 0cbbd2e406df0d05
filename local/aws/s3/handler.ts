import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Answer, errorAnswer, send } from './http/answer.ts';
import { operationOf } from './operations/operations.ts';
import { type IncomingRequest, requestIn } from './http/request.ts';
import type { ObjectStore } from './store.ts';

/**
 * Creates a `node:http` handler that serves the S3 REST API of a store: path-style addresses, any credentials. Set
 * `requestTimeout: 0` on the server, because the default of five minutes cuts slow uploads.
 */
export function createS3Handler(
  store: ObjectStore,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    const { method, url, headers } = request;
    // If an upload fails before its end, the connection must stay open for the answer.
    const body = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
    const answer = await answerS3({ method, url, headers, body }, store);
    try {
      await send(response, answer);
    } catch {
      response.destroy(); // the client is gone, or the disk failed after the headers: the answer must not look complete
    } finally {
      request.resume(); // an unread body would block the connection
    }
  };
}

/** Answers one request from any transport. Never throws: an error becomes an answer. */
export async function answerS3(request: IncomingRequest, store: ObjectStore): Promise<Answer> {
  // The clock of the store, which also sets Last-Modified.
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
