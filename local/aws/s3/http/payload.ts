import { decodeAwsChunked } from './aws-chunked.ts';
import { type ExpectedDigests, createBodyDigests } from './body-digests.ts';
import { CHECKSUM_ALGORITHMS, type ChecksumAlgorithm, checksumAlgorithmOf } from '../storage/checksum.ts';
import type { S3Request } from './request.ts';
import { S3Error } from '../s3-error.ts';

/** Longer than any XML that a client sends: 10,000 parts with checksums, or 1,000 keys, all escaped. */
const MAX_XML_BYTES = 16 * 1024 * 1024;

/** The body of a request without its framing, and the digests from its headers and trailers. */
export interface Payload {
  readonly body: AsyncIterable<Uint8Array>;
  readonly expected: ExpectedDigests;
}

/** @throws S3Error InvalidRequest; and IncompleteBody when the body is read */
function payloadOf({ headers, body: raw }: S3Request): Payload {
  const trailers = new Map<string, string>();
  const framed = isAwsChunked(headers) ? decodeAwsChunked(raw, trailers) : raw;
  const length = headers['x-amz-decoded-content-length'];
  const body = length === undefined ? framed : ofLength(framed, Number(length));
  return { body, expected: expectedDigests(headers, trailers) };
}

/** S3 rejects a body of unknown length. @throws S3Error MissingContentLength */
export function sizedPayloadOf(request: S3Request): Payload {
  if (request.headers['content-length'] === undefined && !request.headers['x-amz-decoded-content-length'])
    throw new S3Error('MissingContentLength', 'You must provide the Content-Length HTTP header.');
  return payloadOf(request);
}

/** Reads a small body as text, with the same checks as for an object. */
export async function textOf(request: S3Request): Promise<string> {
  const { body, expected } = payloadOf(request);
  const digests = createBodyDigests(expected);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const bytes of body) {
    digests.update(bytes);
    chunks.push(bytes);
    size += bytes.byteLength;
    if (size > MAX_XML_BYTES) throw new S3Error('MalformedXML', 'The XML you provided is too long');
  }
  await digests.finish();
  return Buffer.concat(chunks).toString('utf8');
}

function isAwsChunked(headers: S3Request['headers']): boolean {
  return (
    (headers['x-amz-content-sha256'] ?? '').startsWith('STREAMING-') ||
    (headers['content-encoding'] ?? '').includes('aws-chunked')
  );
}

async function* ofLength(body: AsyncIterable<Uint8Array>, length: number): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const bytes of body) {
    size += bytes.byteLength;
    yield bytes;
  }
  if (size !== length)
    throw new S3Error('IncompleteBody', `x-amz-decoded-content-length is ${length} bytes, but ${size} bytes arrived`);
}

function expectedDigests(headers: S3Request['headers'], trailers: ReadonlyMap<string, string>): ExpectedDigests {
  const checksum = expectedChecksum(headers, trailers);
  const md5 = headers['content-md5'];
  const sha256 = /^[0-9a-f]{64}$/.exec(headers['x-amz-content-sha256'] ?? '')?.[0];
  return { ...(checksum && { checksum }), ...(md5 !== undefined && { md5 }), ...(sha256 && { sha256 }) };
}

function expectedChecksum(
  headers: S3Request['headers'],
  trailers: ReadonlyMap<string, string>,
): ExpectedDigests['checksum'] {
  const named = CHECKSUM_ALGORITHMS.filter((name) => headers[`x-amz-checksum-${name}`] !== undefined);
  if (named.length > 1) throw new S3Error('InvalidRequest', 'Expecting a single x-amz-checksum- header');
  const [algorithm] = named;
  if (algorithm) return { algorithm, expected: () => headers[`x-amz-checksum-${algorithm}`] };
  const trailing = /^x-amz-checksum-(\w+)$/.exec((headers['x-amz-trailer'] ?? '').trim().toLowerCase())?.[1];
  const announced = checksumAlgorithmOf(trailing ?? headers['x-amz-sdk-checksum-algorithm'] ?? '');
  if (!announced) return undefined;
  return trailing ? { algorithm: announced, expected: () => trailer(trailers, announced) } : { algorithm: announced };
}

function trailer(trailers: ReadonlyMap<string, string>, algorithm: ChecksumAlgorithm): string {
  const value = trailers.get(`x-amz-checksum-${algorithm}`);
  if (value !== undefined) return value;
  throw new S3Error(
    'MalformedTrailerError',
    `x-amz-trailer announces a ${algorithm} checksum, but the trailers contain none`,
  );
}
