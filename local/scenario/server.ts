import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type ApiAnswer, type ApiRequest, json, type Reply } from './answer.ts';
import { createStandInApi, type StandInApi } from './api.ts';
import type { Ledger } from './ledger.ts';
import type { StandInModel } from './tripo-inputs.ts';
import type { StandInOptions, StandInOptionsInput } from './options.ts';

/** How to start it. */
export interface StandInProps {
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** Where everything is kept; only in memory without it. One process at a time. */
  readonly folder?: string | undefined;
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly options?: StandInOptionsInput | undefined;
  /** @default Tripo 3.1 */
  readonly models?: readonly StandInModel[] | undefined;
  /** @default Date.now */
  readonly now?: () => number;
  /** @default Math.random */
  readonly random?: () => number;
}

/** A stand-in that listens on 127.0.0.1. */
export interface StandIn {
  /** Such as `http://127.0.0.1:41234`; the `_control` routes and the files are under it. */
  readonly origin: string;
  /** The base of the API: the origin with `/v1`. */
  readonly url: string;
  /** The knobs as they are now. */
  readonly options: StandInOptions;
  /**
   * Changes some knobs; null puts one back.
   *
   * @throws BadOptionError
   */
  readonly setOptions: (patch: unknown) => void;
  readonly ledger: () => Ledger;
  /** Cuts what is still open. */
  readonly close: () => Promise<void>;
}

/**
 * Starts listening.
 *
 * @throws BadOptionError, or the error of `listen` when the port is taken
 */
export async function startStandIn(props: StandInProps): Promise<StandIn> {
  let origin = '';
  const api = await createStandInApi({
    origin: () => origin,
    apiKey: props.apiKey,
    apiSecret: props.apiSecret,
    now: props.now ?? Date.now,
    random: props.random ?? Math.random,
    folder: props.folder,
    options: props.options,
    models: props.models,
  });
  const waiting = new Set<NodeJS.Timeout>();
  const server = createServer((incoming, outgoing) => {
    void serve(api, incoming, outgoing, waiting);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(props.port ?? 0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  origin = `http://127.0.0.1:${address.port}`;
  return {
    origin,
    url: `${origin}/v1`,
    get options() {
      return api.options();
    },
    setOptions: api.setOptions,
    ledger: api.ledger,
    close: () =>
      new Promise((resolve) => {
        for (const timer of waiting) clearTimeout(timer);
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(
  api: StandInApi,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  waiting: Set<NodeJS.Timeout>,
) {
  try {
    await give(await api.handle(requestOf(incoming)), outgoing, waiting);
  } catch (error) {
    // Usually a client that went away. If not, it is a mistake of ours, which must not look like the service's.
    if (outgoing.headersSent || outgoing.destroyed) outgoing.destroy();
    else await send(json(500, { reason: `the stand-in itself failed: ${String(error)}` }), outgoing);
  }
}

function requestOf(incoming: IncomingMessage): ApiRequest {
  const [path = '/', query = ''] = (incoming.url ?? '/').split('?', 2);
  const headers = Object.entries(incoming.headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(', ') : value,
  ]);
  return {
    method: incoming.method ?? 'GET',
    path,
    query: new URLSearchParams(query),
    headers: Object.fromEntries(headers) as ApiRequest['headers'],
    body: incoming,
  };
}

async function give(answer: ApiAnswer, outgoing: ServerResponse, waiting: Set<NodeJS.Timeout>): Promise<void> {
  if ('cut' in answer) {
    // A reset, not a polite end: what a client sees when a connection breaks.
    outgoing.socket?.resetAndDestroy();
  } else if ('hangSeconds' in answer) {
    await silence(answer.hangSeconds, outgoing, waiting);
    if (!outgoing.destroyed) await give(answer.next, outgoing, waiting);
  } else {
    await send(answer, outgoing);
  }
}

/** Over early when the client gives up. */
function silence(seconds: number, outgoing: ServerResponse, waiting: Set<NodeJS.Timeout>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, seconds * 1000);
    waiting.add(timer);
    outgoing.once('close', done);
    function done() {
      clearTimeout(timer);
      waiting.delete(timer);
      resolve();
    }
  });
}

async function send(reply: Reply, outgoing: ServerResponse): Promise<void> {
  outgoing.writeHead(reply.status, reply.headers);
  if (reply.cutAtByte !== undefined) {
    outgoing.flushHeaders();
    for await (const chunk of upTo(reply.cutAtByte, reply.body)) await written(outgoing, chunk);
    outgoing.socket?.destroySoon();
  } else if (reply.body instanceof Uint8Array) {
    outgoing.end(reply.body);
  } else {
    await pipeline(Readable.from(reply.body), outgoing);
  }
}

function written(outgoing: ServerResponse, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    outgoing.write(chunk, (error) => (error ? reject(error) : resolve()));
  });
}

async function* upTo(bytes: number, body: Reply['body']): AsyncGenerator<Uint8Array> {
  let left = bytes;
  for await (const chunk of body instanceof Uint8Array ? [body] : body) {
    if (left <= 0) return;
    yield chunk.subarray(0, left);
    left -= chunk.byteLength;
  }
}
