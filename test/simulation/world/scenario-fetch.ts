import { Readable } from 'node:stream';
import { type ApiAnswer, bytesOf, type Reply } from '../../../local/scenario/answer.ts';
import { USER_AGENT } from '../../../functions/scenario/http.ts';
import type { Get } from '../../../functions/store-assets/http-get.ts';
import { currentInvocation, type Invocation, sleepIn } from './invocation.ts';
import { limitOf } from './timeouts.ts';
import { ConnectionError, type Request } from './wire.ts';

/** `fetch` to the stand-in, over the wire of the world whose code is running. */
export const scenarioFetch: typeof fetch = async (input, init = {}) => {
  const invocation = currentInvocation();
  const url = new URL(typeof input === 'object' && 'url' in input ? input.url : input);
  const answered = answerOf(url, init, invocation);
  const limit = limitOf(init.signal);
  return await (limit === undefined ? answered : until(limit, answered, invocation));
};

/** Downloads files with the interface of the Node.js client, whose answer is the stream itself. */
export const scenarioGet: Get = async (url, { signal }) => {
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => reject(signal.reason as Error));
  const response = await Promise.race([
    scenarioFetch(url, { redirect: 'manual', signal, headers: USER_AGENT }),
    stopped,
  ]);
  const { status: statusCode, headers, body } = response;
  const pieces = body ? Readable.fromWeb(body) : Readable.from([]);
  return Object.assign(pieces, { statusCode, headers: Object.fromEntries(headers) });
};

async function answerOf(url: URL, init: RequestInit, invocation: Invocation): Promise<Response> {
  try {
    return responseOf(await replyTo(url, init, invocation), url, init.redirect);
  } catch (cause) {
    // `fetch` in Node.js throws this error, with the reason as its cause.
    throw cause instanceof ConnectionError ? new TypeError('fetch failed', { cause }) : cause;
  }
}

/** @throws ConnectionError */
async function replyTo(url: URL, init: RequestInit, invocation: Invocation): Promise<Reply> {
  let answer = await invocation.world.wire.send(invocation, request(url, init, invocation));
  if ('hangSeconds' in answer) {
    await sleepIn(invocation, answer.hangSeconds * 1000);
    answer = answer.next;
  }
  if ('cut' in answer) throw new ConnectionError('ECONNRESET');
  return answer;
}

/** Rejects at the time limit. */
function until<T>(limit: number, answered: Promise<T>, { world: { clock }, isAlive }: Invocation): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(limit - clock.now(), () => {
      if (isAlive()) reject(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
    });
    void answered.then(resolve, reject).finally(cancel);
  });
}

/** Leaves out IDs and signatures, which don't help a reader. */
function nameOf(method: string, { pathname, searchParams }: URL): string {
  const path = pathname.replace(/^\/v1/, '').replaceAll(/(job|asset|upload|model)_[\w.-]+/g, '…');
  return `${method} ${path}${searchParams.has('dryRun') ? '?dryRun=true' : ''}`;
}

function request(url: URL, init: RequestInit, { world }: Invocation): Request<ApiAnswer> {
  const { method = 'GET', body, headers } = init;
  return {
    name: nameOf(method, url),
    trouble: (status, code) => ({
      status,
      headers: { 'content-type': 'text/html' },
      body: Buffer.from(`<html><title>${status}</title>${code}</html>`),
    }),
    effect: async () => {
      const answer = await world.scenario({
        method,
        path: url.pathname,
        query: url.searchParams,
        headers: Object.fromEntries(new Headers(headers)),
        ...(body !== undefined && body !== null && { body: Buffer.from(body as string | Uint8Array) }),
      });
      return await read(answer);
    },
  };
}

/** Reads the whole body. Bytes that arrive after the headers would have to be a separate call. */
async function read(answer: ApiAnswer): Promise<ApiAnswer> {
  if ('hangSeconds' in answer)
    return { ...answer, next: 'cut' in answer.next ? answer.next : await whole(answer.next) };
  return 'cut' in answer ? answer : await whole(answer);
}

async function whole(reply: Reply): Promise<Reply> {
  return { ...reply, body: (await bytesOf(reply.body)) ?? Buffer.alloc(0) };
}

function responseOf(
  { status, headers, body, cutAtByte }: Reply,
  url: URL,
  redirect: RequestInit['redirect'],
): Response {
  if (status >= 300 && status < 400 && redirect === 'error')
    throw new TypeError('fetch failed', { cause: new Error('unexpected redirect') });
  const bytes = body instanceof Uint8Array ? body : Buffer.alloc(0);
  const content = cutAtByte === undefined ? Buffer.from(bytes) : brokenOff(bytes.subarray(0, cutAtByte));
  const response = new Response(status === 204 ? null : content, { status, headers: { ...headers } });
  Object.defineProperty(response, 'url', { value: url.href });
  return response;
}

function brokenOff(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let isGiven = false;
  return new ReadableStream({
    pull(controller) {
      if (isGiven || bytes.byteLength === 0) return controller.error(new TypeError('terminated'));
      isGiven = true;
      return controller.enqueue(Buffer.from(bytes));
    },
  });
}
