import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

export type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** A server on the loopback interface, and its port. */
export interface Loopback {
  readonly origin: string;
  readonly port: number;
  /** Sets the handler. Requests that arrive earlier wait for it. */
  serve(handle: Handle): void;
  close(): Promise<void>;
}

/** The server can't listen on the port, because it is in use or the user lacks permission. */
export class PortUnavailableError extends Error {
  override readonly name = 'PortUnavailableError';
}

const OWN_NAMES = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

/**
 * Listens on 127.0.0.1. Port 0 means any free port. Refuses requests with any other host name, so that a web page can't
 * reach this server through DNS rebinding.
 *
 * @throws PortUnavailableError
 */
export async function listenOnLoopback(port: number): Promise<Loopback> {
  const { promise: handle, resolve } = Promise.withResolvers<Handle>();
  // The default of five minutes cuts slow uploads.
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    if (!OWN_NAMES.test(request.headers.host ?? '')) {
      response.writeHead(403).end('this server answers only to the names 127.0.0.1 and localhost\n');
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
