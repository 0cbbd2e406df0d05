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

test.each([
  ['GET', { origin: 'http://127.0.0.1:1' }, 204],
  ['GET', { origin: 'https://example.com' }, 403],
  ['PUT', {}, 204],
  ['PUT', { origin: 'http://127.0.0.1:1' }, 403],
  ['PUT', { origin: 'null' }, 403],
  ['POST', { 'sec-fetch-site': 'same-site' }, 403],
  ['POST', { 'sec-fetch-site': 'cross-site' }, 403],
  ['POST', { 'sec-fetch-site': 'same-origin' }, 204],
  ['DELETE', { 'sec-fetch-site': 'none' }, 204],
])('a page of another server cannot change anything: %s %j', async (method, headers, status) => {
  const server = await listenOnLoopback(0);
  onTestFinished(() => server.close());
  server.serve((_, response) => Promise.resolve(void response.writeHead(204).end()));

  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  request({ port: server.port, host: '127.0.0.1', method, headers }, (response) => {
    response.resume();
    resolve(response.statusCode);
  }).end();

  expect(await promise).toBe(status);
});

test.each([
  ['PUT', '/images/oak.png', {}, 403],
  ['PUT', '/images/oak.png', { 'x-meshdrop-token': 'wrong' }, 403],
  ['PUT', '/images/oak.png', { 'x-meshdrop-token': 'secret' }, 204],
  ['PUT', '/images/oak.png', { authorization: 'AWS4-HMAC-SHA256 Credential=secret/20261127/us-east-1/s3' }, 204],
  ['PUT', '/images/oak.png?X-Amz-Credential=secret%2F20261127', {}, 204],
  ['POST', '/', {}, 403],
  ['DELETE', '/assets/control/paused.json', {}, 403],
  ['GET', '/', {}, 204],
])('with a token, only those who know it can change something: %s %s %j', async (method, path, headers, status) => {
  const server = await listenOnLoopback(0);
  onTestFinished(() => server.close());
  server.serve((_, response) => Promise.resolve(void response.writeHead(204).end()), ['secret']);

  const answer = await fetch(server.origin + path, { method, headers });

  expect(answer.status).toBe(status);
});
