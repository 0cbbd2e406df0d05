import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

export type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** A server on this machine alone, with the port that it got. */
export interface Loopback {
  readonly origin: string;
  readonly port: number;
  /** What answers from now on; until then every request waits. */
  serve(handle: Handle): void;
  close(): Promise<void>;
}

/** A port that cannot be listened on: it is in use, or this user may not open it. */
export class PortUnavailableError extends Error {
  override readonly name = 'PortUnavailableError';
}

const OWN_NAMES = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

/**
 * Listens on 127.0.0.1; port 0 takes any free one. A request under another host's name is refused: a page in a browser
 * that had its own name point to this machine must not reach anything here.
 *
 * @throws PortUnavailableError
 */
export async function listenOnLoopback(port: number): Promise<Loopback> {
  const { promise: handle, resolve } = Promise.withResolvers<Handle>();
  // Node's own five minutes would cut slow uploads.
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    if (!OWN_NAMES.test(request.headers.host ?? '')) {
      response.writeHead(403).end('this address answers under the names 127.0.0.1 and localhost only\n');
      return;
    }
    handle.then((answer) => answer(request, response)).catch(() => response.destroy());
  });
  await listen(server, port);
  const address = server.address();
  const taken = typeof address === 'object' && address !== null ? address.port : port;
  return {
    origin: `http://127.0.0.1:${taken}`,
    port: taken,
    serve: resolve,
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'is in use' : `cannot be opened (${cause.code})`;
      reject(new PortUnavailableError(`port ${port} ${why}`, { cause }));
    });
    server.listen(port, '127.0.0.1', resolve);
  });
}
