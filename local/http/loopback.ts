import { isFromForeignPage, isLoopback } from './foreign-page.ts';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

export type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** A server on the loopback interface, and its port. */
export interface Loopback {
  readonly origin: string;
  readonly port: number;
  /**
   * Sets the handler. Requests that arrive earlier wait for it.
   *
   * @param tokens if given, a request that changes something must carry one of them
   */
  serve(handle: Handle, tokens?: readonly string[]): void;
  close(): Promise<void>;
}

/** The server can't listen on the port, because it is in use or the user lacks permission. */
export class PortUnavailableError extends Error {
  override readonly name = 'PortUnavailableError';
}

/**
 * Listens on 127.0.0.1. Port 0 means any free port. Refuses requests with any other host name, so that a web page can't
 * reach this server through DNS rebinding, and requests of pages that it did not serve.
 *
 * @throws PortUnavailableError
 */
export async function listenOnLoopback(port: number): Promise<Loopback> {
  const { promise: handle, resolve } = Promise.withResolvers<Handle>();
  let accepted: readonly string[] | undefined;
  // The default of five minutes cuts slow uploads.
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    const answered = handle.then(async (answer) => {
      const refusal = whyRefused(request, accepted);
      if (refusal === undefined) return await answer(request, response);
      request.resume();
      refuse(request, response, refusal);
    });
    answered.catch(() => response.destroy());
  });
  await listen(server, port);
  const address = server.address();
  const taken = typeof address === 'object' && address !== null ? address.port : port;
  return {
    origin: `http://127.0.0.1:${taken}`,
    port: taken,
    serve: (answer, tokens) => {
      accepted = tokens;
      resolve(answer);
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

/** In the form that the caller understands: AWS JSON or S3's XML, which people can read, too. */
function refuse({ headers }: IncomingMessage, response: ServerResponse, message: string): void {
  const isJson = headers['x-amz-target'] !== undefined;
  response
    .writeHead(403, { 'content-type': isJson ? 'application/x-amz-json-1.1' : 'application/xml' })
    .end(
      isJson
        ? JSON.stringify({ __type: 'AccessDeniedException', message })
        : `<Error><Code>AccessDenied</Code><Message>${message}</Message></Error>`,
    );
}

function whyRefused(request: IncomingMessage, tokens: readonly string[] | undefined): string | undefined {
  const { method, headers } = request;
  if (!isLoopback(headers.host)) return 'this server answers only to the names 127.0.0.1 and localhost';
  if (isFromForeignPage(method, headers)) return 'requests from pages of other servers are not allowed';
  if (!tokens || method === 'GET' || method === 'HEAD' || tokens.includes(tokenIn(request) ?? '')) return undefined;
  return 'this changes something and can cost money: use the token in local.json, as the access key ID of an S3 client or in the header x-meshdrop-token';
}

/** The access key ID of a signed or presigned request, or the value of our own header. */
function tokenIn({ headers, url = '' }: IncomingMessage): string | undefined {
  const own = headers['x-meshdrop-token'];
  if (typeof own === 'string') return own;
  const query = new URLSearchParams(url.split('?')[1] ?? '');
  const signed = /Credential=([^/,]+)/.exec(headers.authorization ?? '')?.[1];
  return signed ?? query.get('X-Amz-Credential')?.split('/')[0] ?? query.get('AWSAccessKeyId') ?? undefined;
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
