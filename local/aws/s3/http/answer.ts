import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { IncomingRequest } from './request.ts';
import { S3Error } from '../s3-error.ts';
import { type XmlContent, xmlOf } from './xml.ts';

export interface Answer {
  /** @default 200 */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | Readable;
}

export function xmlAnswer(
  root: string,
  content: { readonly [name: string]: XmlContent },
  headers: Answer['headers'] = {},
): Answer {
  return {
    headers: { ...headers, 'content-type': 'application/xml' },
    body: Buffer.from(xmlOf(root, content)),
  };
}

/** Builds an error answer. Like S3, writes the XML without a namespace, and no body for HEAD or status 304. */
export function errorAnswer(error: unknown, { method, url = '' }: Pick<IncomingRequest, 'method' | 'url'>): Answer {
  const { code, status, message, headers } = error instanceof S3Error ? error : internal(error);
  if (method === 'HEAD' || status === 304) return { status, headers };
  const answer = xmlAnswer('Error', { '@xmlns': undefined, Code: code, Message: message, Resource: url }, headers);
  return { ...answer, status };
}

export async function send(response: ServerResponse, { status = 200, headers = {}, body }: Answer): Promise<void> {
  response.setHeader('x-amz-request-id', randomBytes(8).toString('hex').toUpperCase());
  response.setHeader('x-amz-id-2', randomBytes(32).toString('base64'));
  response.setHeader('server', 'AmazonS3');
  // A browser can display an object, whatever content type the request asks for, but must never run it as a script of
  // this origin.
  response.setHeader('content-security-policy', 'sandbox');
  response.setHeader('x-content-type-options', 'nosniff');
  if (body instanceof Buffer) response.setHeader('content-length', body.byteLength);
  response.writeHead(status, { ...headers });
  if (body === undefined || body instanceof Buffer) response.end(body);
  else await pipeline(body, response);
}

function internal(error: unknown): S3Error {
  return new S3Error('InternalError', error instanceof Error ? error.message : String(error));
}
