import type { IncomingMessage, ServerResponse } from 'node:http';
import { S3Error } from '../aws/s3/s3-error.ts';
import type { Handle } from '../http/loopback.ts';
import { acceptUpload, checkUpload, describeModel } from './uploads.ts';
import { BadCallError } from './bad-call.ts';
import { behindTheScenes, setMoods } from './behind.ts';
import { readClient } from './client-files.ts';
import { openFeed } from './feed.ts';
import type { PageTools } from './page-tools.ts';
import { describeRun, listRuns } from './run-details.ts';
import { sendAssetFile, sendImage, sendZip } from './send-file.ts';

/** A request, with what its path names. */
export interface PageCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  /** Decoded. */
  readonly names: readonly string[];
}

/** Sends the answer itself, or returns JSON, or undefined for an answer without a body. */
type Answer = (call: PageCall, tools: PageTools) => unknown;

/** The AWS SDK takes long to load, and few visitors need it. */
const actOnRun: Answer = async (call, tools) => await (await import('./run-actions.ts')).actOnRun(call, tools);

/** The HTTP interface of the page. README.md in this folder describes it. */
const ROUTES: readonly (readonly [method: string, path: RegExp, answer: Answer])[] = [
  ['GET', /^\/runs$/, (_, tools) => listRuns(tools)],
  ['GET', /^\/runs\/([^/]+)$/, ({ names: [runId = ''] }, tools) => describeRun(runId, tools)],
  ['GET', /^\/runs\/([^/]+)\/image$/, sendImage],
  ['GET', /^\/runs\/([^/]+)\/files\.zip$/, sendZip],
  ['POST', /^\/runs\/([^/]+)\/(again|redrive|redeliver)$/, actOnRun],
  ['GET', /^\/feed$/, openFeed],
  ['GET', /^\/files\/(.+)$/, sendAssetFile],
  ['GET', /^\/model$/, (_, tools) => describeModel(tools)],
  ['GET', /^\/checks\/(.+)$/, checkUpload],
  ['PUT', /^\/uploads\/(.+)$/, acceptUpload],
  ['GET', /^\/behind$/, (_, tools) => behindTheScenes(tools)],
  ['POST', /^\/moods$/, setMoods],
];

/** The hash of the style element that this version of the viewer adds. */
const VIEWER_STYLE = 'sha256-PXtZZkJMMyc18o/DN1ZEFOJ2qEGq95IQbVaJFMOXOb0=';

/**
 * What the page can load and do. The 3D viewer needs WebAssembly for its decoders, and blobs for their workers and for
 * textures.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self' blob:",
  `style-src 'self' '${VIEWER_STYLE}'`,
  "img-src 'self' blob: data:",
  "connect-src 'self' blob: data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const GUARDED = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
} as const;

/** Serves the page, and everything that it shows and does. */
export function createPage(tools: PageTools): Handle {
  return async (request, response) => {
    for (const [name, value] of Object.entries(GUARDED)) response.setHeader(name, value);
    try {
      await answer(request, response, tools);
    } catch (error) {
      const status = error instanceof S3Error || error instanceof BadCallError ? error.status : 500;
      const message = error instanceof Error ? error.message : String(error);
      if (!response.headersSent) response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
      response.end(message);
    } finally {
      request.resume();
    }
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, tools: PageTools): Promise<void> {
  const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://127.0.0.1');
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  for (const [wanted, path, route] of ROUTES) {
    const names = path.exec(pathname)?.slice(1).map(decode);
    if (names === undefined || wanted !== method) continue;
    const result = await route({ request, response, query, names }, tools);
    if (response.headersSent) return;
    if (result === undefined) return void response.writeHead(204).end();
    return void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result));
  }
  const file = method === 'GET' ? await readClient(pathname) : undefined;
  if (!file) throw new BadCallError('nothing found; the page is at /', 404);
  response.writeHead(200, { 'content-type': file.contentType, 'cache-control': 'no-cache' }).end(file.content);
}

/** @throws BadCallError */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new BadCallError(`${text} is not a valid path: encode it as UTF-8 with percent signs`);
  }
}
