import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type ApiAnswer, type ApiRequest, json, type Reply } from './answer.ts';
import { createStandInApi, type StandInApi } from './api.ts';
import type { Ledger } from './jobs/ledger.ts';
import type { StandInModel } from './jobs/tripo-inputs.ts';
import type { StandInOptions, StandInOptionsInput } from './moods/options.ts';

/** Options of the server. */
export interface StandInProps {
  /** 0 means any free port. */
  readonly port?: number;
  /** The folder for all data. Without one, the data is in memory. Only one process at a time can use it. */
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

/** A running stand-in on 127.0.0.1. */
export interface StandIn {
  /** The origin, such as `http://127.0.0.1:41234`, for `_control` routes and files. */
  readonly origin: string;
  /** The base URL of the API: the origin with `/v1`. */
  readonly url: string;
  /** The current options. */
  readonly options: StandInOptions;
  /**
   * Changes some options. null resets an option.
   *
   * @throws BadOptionError
   */
  readonly setOptions: (patch: unknown) => void;
  readonly ledger: () => Ledger;
  /** Closes the server and all open connections. */
  readonly close: () => Promise<void>;
}

/**
 * Starts the server.
 *
 * @throws BadOptionError, or the error of `listen` if the port is in use
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
    // Usually, the client has disconnected. Otherwise, this is a bug in the stand-in, which must not look like an error
    // of Scenario.
    if (outgoing.headersSent || outgoing.destroyed) outgoing.destroy();
    else await send(json(500, { reason: `internal error in the stand-in: ${String(error)}` }), outgoing);
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
    // Reset the connection instead of closing it cleanly, as when a connection breaks.
    outgoing.socket?.resetAndDestroy();
  } else if ('hangSeconds' in answer) {
    await silence(answer.hangSeconds, outgoing, waiting);
    if (!outgoing.destroyed) await give(answer.next, outgoing, waiting);
  } else {
    await send(answer, outgoing);
  }
}

/** Waits, but returns early if the client disconnects. */
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
