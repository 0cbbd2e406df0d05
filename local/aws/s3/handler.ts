import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Answer, errorAnswer, send } from './http/answer.ts';
import { operationOf } from './operations/operations.ts';
import { type IncomingRequest, requestIn } from './http/request.ts';
import { S3Error } from './s3-error.ts';
import type { ObjectStore } from './store.ts';

/**
 * Creates a `node:http` handler that serves the S3 REST API of a store: path-style addresses, any credentials. Set
 * `requestTimeout: 0` on the server, because the default of five minutes cuts slow uploads.
 */
export function createS3Handler(
  store: ObjectStore,
): (request: IncomingMessage, response: ServerResponse, guard?: Guard) => Promise<void> {
  return async (request, response, guard) => {
    const { method, url, headers } = request;
    // If an upload fails before its end, the connection must stay open for the answer.
    const body = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
    const answer = await answerS3({ method, url, headers, body }, store, guard);
    try {
      await send(response, answer);
    } catch {
      response.destroy(); // the client is gone, or the disk failed after the headers: the answer must not look complete
    } finally {
      request.resume(); // an unread body would block the connection
    }
  };
}

/** Says why a caller's request is denied, or why it must not learn that an object does not exist. */
export interface Guard {
  readonly request: (request: IncomingRequest) => string | undefined;
  readonly absence: (request: IncomingRequest) => string | undefined;
}

/** Answers one request from any transport. Never throws: an error becomes an answer. */
export async function answerS3(request: IncomingRequest, store: ObjectStore, guard?: Guard): Promise<Answer> {
  // The clock of the store, which also sets Last-Modified.
  const date = new Date(store.now()).toUTCString();
  try {
    const parsed = requestIn(request, store.now());
    refuseIf(guard?.request(request));
    const answer = await operationOf(parsed)(parsed, store);
    return { ...answer, headers: { date, ...answer.headers } };
  } catch (thrown) {
    const answer = errorAnswer(hidden(thrown, request, guard), request);
    return { ...answer, headers: { date, ...answer.headers } };
  }
}

function refuseIf(denied: string | undefined): void {
  if (denied !== undefined) throw new S3Error('AccessDenied', denied);
}

const ABSENT = new Set(['NoSuchKey', 'NoSuchVersion']);

/** A caller that can't list a bucket isn't told that an object is missing. */
function hidden(thrown: unknown, request: IncomingRequest, guard: Guard | undefined): unknown {
  if (!(thrown instanceof S3Error) || !ABSENT.has(thrown.code)) return thrown;
  const denied = guard?.absence(request);
  return denied === undefined ? thrown : new S3Error('AccessDenied', denied);
}
