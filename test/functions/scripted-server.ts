import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

/** What a server got. */
export interface Got {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** What it answers; `cut` resets the connection without a word. */
export type Said =
  | 'cut'
  | {
      readonly status: number;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
      /** Breaks off after the body, whatever was announced. */
      readonly cutAfter?: boolean;
    };

/** An HTTP server for the answers that the stand-in never gives. */
export async function openServer(answer: (got: Got, index: number) => Said) {
  const requests: Got[] = [];
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const { method = '', url = '', headers } = incoming;
      const got = { method, url, headers, body: await buffer(incoming) };
      requests.push(got);
      const said = answer(got, requests.length - 1);
      if (said === 'cut') {
        incoming.socket.resetAndDestroy();
        return;
      }
      outgoing.writeHead(said.status, said.headers);
      const body = said.body ?? '';
      const bytes = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
      if (said.cutAfter) outgoing.write(bytes, () => incoming.socket.destroy());
      else outgoing.end(bytes);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { origin, requests };
}
