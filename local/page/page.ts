import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { assetFolder } from '../../functions/run/keys.ts';
import { S3Error } from '../aws/s3/s3-error.ts';
import type { Handle } from '../http/loopback.ts';
import type { LocalMeshdrop } from '../runs/local-meshdrop.ts';

/** Serves the page, the list of runs, and the files of the asset bucket, and accepts dropped images. */
export function createPage(meshdrop: LocalMeshdrop, standIn: boolean): Handle {
  return async (request, response) => {
    try {
      await answer(request, response, meshdrop, standIn);
    } catch (error) {
      const status = error instanceof S3Error ? error.status : 500;
      if (!response.headersSent) response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
      response.end(error instanceof Error ? error.message : String(error));
    } finally {
      request.resume();
    }
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  meshdrop: LocalMeshdrop,
  standIn: boolean,
): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
  const route = `${request.method} ${/^\/[^/]*/.exec(pathname)?.[0]}`;
  const key = decodeURIComponent(pathname.replace(/^\/[^/]*\//, ''));
  switch (route) {
    case 'GET /':
      return void response
        .writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
        .end(await readFile(join(import.meta.dirname, 'page.html')));
    case 'GET /runs':
      return void response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ standIn, runs: listed(meshdrop) }));
    case 'GET /files':
      return await sendFile(key, response, meshdrop);
    case 'PUT /uploads':
      await meshdrop.store.put(meshdrop.uploadBucket, key, request);
      return void response.writeHead(204).end();
    default:
      response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('nothing found; the page is at /');
  }
}

function listed({ runs, store, assetBucket }: LocalMeshdrop) {
  return runs.all().map((run) => ({
    ...run,
    files: store.list(assetBucket, { prefix: assetFolder(run.key, run.runId) }).objects.map(({ key }) => key),
  }));
}

/**
 * Sends a file of the asset bucket. An uploaded file can contain anything, so the browser must display or download it,
 * but never run it as a page of this origin.
 */
async function sendFile(key: string, response: ServerResponse, { store, assetBucket }: LocalMeshdrop): Promise<void> {
  const { object, body } = store.get(assetBucket, key);
  response.writeHead(200, {
    'content-type': object.contentType ?? 'application/octet-stream',
    'content-length': object.size,
    'x-content-type-options': 'nosniff',
    'content-security-policy': 'sandbox',
  });
  await pipeline(body, response);
}
