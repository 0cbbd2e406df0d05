import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Answer, errorAnswer, send } from './answer.ts';
import { operationOf } from './operations.ts';
import { requestIn } from './request.ts';
import type { ObjectStore } from './store.ts';

/**
 * S3's REST API on a store, for a `node:http` server: path style, any credentials. Give the server
 * `requestTimeout: 0`: Node's own five minutes would cut slow uploads.
 */
export function createS3Handler(
  store: ObjectStore,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    const answer = await answerTo(request, store);
    try {
      await send(response, answer);
    } catch {
      response.destroy(); // the client is gone, or the disk failed after the head: it must not look complete
    } finally {
      request.resume(); // what nobody read would block the connection
    }
  };
}

async function answerTo(request: IncomingMessage, store: ObjectStore): Promise<Answer> {
  try {
    const parsed = requestIn(request, store.now());
    return await operationOf(parsed)(parsed, store);
  } catch (error) {
    return errorAnswer(error, request);
  }
}
