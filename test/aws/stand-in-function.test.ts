import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { AddressInfo } from 'node:net';
import type { LambdaFunctionURLEvent } from 'aws-lambda';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { assembly } from '../../local/aws/assembly.ts';
import { folderWith, meshdrop, resultsIn } from '../local/cli/meshdrop-process.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { bundleStandIn } from './stand-in-app.ts';
import type { handler as Handler } from './stand-in-function.ts';

beforeAll(() => assembly());

/** What Lambda allows for an event, and for an answer. */
const MAX_BYTES = 6 * 1024 * 1024;

let largest = 0;

/** The event in which a function URL delivers a request. */
async function eventOf(request: IncomingMessage): Promise<LambdaFunctionURLEvent> {
  const [rawPath = '', rawQueryString = ''] = (request.url ?? '').split('?');
  const { host: domainName = '', ...headers } = request.headers;
  return {
    version: '2.0',
    rawPath,
    rawQueryString,
    headers: { ...(headers as Record<string, string>), host: domainName, 'x-forwarded-proto': 'http' },
    requestContext: { domainName, http: { method: request.method ?? '' } },
    body: (await buffer(request)).toString('base64'),
    isBase64Encoded: true,
  } as unknown as LambdaFunctionURLEvent;
}

/** Serves the bundled function as its URL does, and returns the URL of the API. */
async function functionUrl(): Promise<string> {
  const folder = await temporaryFolder();
  await bundleStandIn(folder);
  vi.stubEnv('API_KEY', 'stand-in-key').stubEnv('API_SECRET', 'stand-in-secret').stubEnv('JOB_SECONDS', '0.3');
  onTestFinished(() => void vi.unstubAllEnvs());
  const { handler } = (await import(`${folder}/index.mjs`)) as { handler: typeof Handler };
  const server = createServer((request, response) => {
    void eventOf(request).then(async (event) => {
      const answer = await handler(event);
      const { statusCode = 200, headers = {}, body = '' } = typeof answer === 'string' ? { body: answer } : answer;
      largest = Math.max(largest, JSON.stringify(event).length, body.length);
      response.writeHead(statusCode, headers as Record<string, string>).end(Buffer.from(body, 'base64'));
    });
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

describe('the stand-in as a function with a URL', () => {
  test('makes a model of an image, within the limits of Lambda, and lets nobody change its moods', async () => {
    const url = await functionUrl();
    const folder = await folderWith('oak-chair.png');
    const keys = {
      SCENARIO_SDK_API_KEY: 'stand-in-key',
      SCENARIO_SDK_API_SECRET: 'stand-in-secret',
      SCENARIO_BASE_URL: url,
    };

    const ended = meshdrop(
      ['oak-chair.png', '--json', '--speed', '100', '--data', 'data', '--out', 'out'],
      folder,
      keys,
    ).ended;

    const { code, stdout, stderr } = await ended;
    expect([code, stderr]).toEqual([0, expect.stringContaining('EACH IMAGE COSTS MONEY')]);
    expect(resultsIn(stdout)).toMatchObject([{ status: 'stored', cu: 37.5, standIn: false }]);
    expect(largest).toBeGreaterThan(10_000);
    expect(largest).toBeLessThan(MAX_BYTES);
    expect((await fetch(`${new URL(url).origin}/_control/knobs`)).status).toBe(404);
    expect((await fetch(`${url}/jobs`)).status).toBe(403);
  });
});
