import { answerS3, type Guard } from '../../../local/aws/s3/handler.ts';
import type { ObjectStore } from '../../../local/aws/s3/store.ts';
import type { AwsAnswer, AwsRequest } from './aws-clients.ts';
import type { Request } from './wire.ts';

/** Creates a request to the local S3 endpoint, which answers as over a socket. */
export function s3Request(request: AwsRequest, store: ObjectStore, guard: Guard): Request<AwsAnswer> {
  const query = queryOf(request);
  const url = query === '' ? request.path : `${request.path}?${query}`;
  return {
    name: nameOf(request),
    trouble: (status, code) => ({
      statusCode: status,
      headers: { 'content-type': 'application/xml', date: new Date(store.now()).toUTCString() },
      body: Buffer.from(
        request.method === 'HEAD' ? '' : `<Error><Code>${code}</Code><Message>${code}</Message></Error>`,
      ),
    }),
    effect: async () => {
      const { method, headers } = request;
      const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
      const {
        status = 200,
        headers: answered = {},
        body,
      } = await answerS3({ method, url, headers: lower, body: bodyOf(request.body) }, store, guard);
      return { statusCode: status, headers: answered, body: body ?? Buffer.alloc(0) };
    },
  };
}

function queryOf({ query = {} }: AwsRequest): string {
  const pairs = Object.entries(query).flatMap(([name, values]) =>
    [values].flat().map((value) => [name, value ?? ''] as [string, string]),
  );
  return new URLSearchParams(pairs).toString();
}

/** `S3 PutObject runs/oak-1234.json` */
function nameOf({ method, path, query = {} }: AwsRequest): string {
  const operation = query['x-id'] ?? OPERATIONS[method] ?? method;
  const key = decodeURIComponent(path.split('/').slice(2).join('/'));
  const listed = key === '' && method === 'GET' ? 'ListObjectVersions' : operation;
  return `S3 ${String(listed)} ${key}`;
}

const OPERATIONS: Readonly<Record<string, string>> = { HEAD: 'HeadObject' };

async function* bodyOf(body: unknown): AsyncGenerator<Uint8Array> {
  if (typeof body === 'string' || body instanceof Uint8Array) yield Buffer.from(body);
  else if (body !== undefined && body !== null) throw new Error('the simulation does not support this kind of body');
}

/** Returns the content of an object. */
export async function bytesIn(store: ObjectStore, bucket: string, key: string, versionId?: string): Promise<Buffer> {
  const pieces: Uint8Array[] = await Array.fromAsync(store.get(bucket, key, { versionId }).body);
  return Buffer.concat(pieces);
}
