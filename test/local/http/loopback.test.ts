import { request } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { listenOnLoopback, PortUnavailableError } from '../../../local/http/loopback.ts';

function statusFor(port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

test('a port in use is unavailable', async () => {
  const first = await listenOnLoopback(0);
  onTestFinished(() => first.close());

  await expect(listenOnLoopback(first.port)).rejects.toThrow(new PortUnavailableError(`port ${first.port} is in use`));
});

test('a request with another host name is refused', async () => {
  const server = await listenOnLoopback(0);
  onTestFinished(() => server.close());
  server.serve((_, response) => Promise.resolve(void response.writeHead(204).end()));

  expect(await statusFor(server.port, `localhost:${server.port}`)).toBe(204);
  expect(await statusFor(server.port, `example.com:${server.port}`)).toBe(403);
});
