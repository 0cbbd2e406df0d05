import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { WrongCallError } from '../../infra/operator/usage-error.ts';

export type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** A server on this machine alone, with the port that it got. */
export interface Loopback {
  readonly origin: string;
  readonly port: number;
  /** What answers from now on; until then every request waits. */
  serve(handle: Handle): void;
  close(): Promise<void>;
}

const OWN_NAMES = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

/**
 * Listens on 127.0.0.1. A request under another host's name is refused: a page in a browser that had its own name point
 * to this machine must not reach anything here.
 *
 * @throws WrongCallError when the port is taken
 */
export async function listenOnLoopback(port: number, option: string): Promise<Loopback> {
  let resolveHandle: (handle: Handle) => void;
  const handle = new Promise<Handle>((resolve) => {
    resolveHandle = resolve;
  });
  // Node's own five minutes would cut slow uploads.
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    if (!OWN_NAMES.test(request.headers.host ?? '')) {
      response.writeHead(403).end('this address answers under the names 127.0.0.1 and localhost only\n');
      return;
    }
    handle.then((answer) => answer(request, response)).catch(() => response.destroy());
  });
  await listen(server, port, option);
  const address = server.address();
  const taken = typeof address === 'object' && address !== null ? address.port : port;
  return {
    origin: `http://127.0.0.1:${taken}`,
    port: taken,
    serve: (next) => resolveHandle(next),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function listen(server: Server, port: number, option: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'is in use' : `can not be opened (${cause.code})`;
      reject(
        new WrongCallError(`port ${port} ${why}: name another with ${option}, 0 takes a free one`, { cause }),
      );
    });
    server.listen(port, '127.0.0.1', resolve);
  });
}
