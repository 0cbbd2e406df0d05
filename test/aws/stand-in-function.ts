import type { LambdaFunctionURLEvent, LambdaFunctionURLResult } from 'aws-lambda';
import { createStandInApi } from '../../local/scenario/api.ts';

/**
 * The stand-in of Scenario as a Lambda function with a URL. It keeps its jobs in memory, and computes them from the
 * clock when a request arrives. So it needs no timers, but all requests must reach the same instance, which lives for
 * some minutes.
 */
let origin = '';
const { API_KEY: apiKey = '', API_SECRET: apiSecret = '', JOB_SECONDS = '30' } = process.env;
const api = createStandInApi({
  origin: () => origin,
  apiKey,
  apiSecret,
  now: Date.now,
  random: Math.random,
  options: { jobSeconds: Number(JOB_SECONDS) },
});

export async function handler(event: LambdaFunctionURLEvent): Promise<LambdaFunctionURLResult> {
  const { requestContext, rawPath, rawQueryString, headers, body = '', isBase64Encoded } = event;
  // Anybody can reach the URL. Only the API asks for the key.
  if (rawPath.startsWith('/_control')) return { statusCode: 404 };
  const { host: _, ...others } = headers;
  origin = `${headers['x-forwarded-proto'] ?? 'https'}://${requestContext.domainName}`;
  const answer = await (await api).handle({
    method: requestContext.http.method,
    path: rawPath,
    query: new URLSearchParams(rawQueryString),
    headers: others,
    body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'),
  });
  // The moods in which a connection breaks are for the local run.
  if (!('status' in answer)) return { statusCode: 504 };
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.body instanceof Uint8Array ? [answer.body] : answer.body) chunks.push(chunk);
  return {
    statusCode: answer.status,
    headers: { ...answer.headers },
    body: Buffer.concat(chunks).toString('base64'),
    isBase64Encoded: true,
  };
}
