/** A request as plain data, so that a simulation doesn't need sockets. */
export interface ApiRequest {
  readonly method: string;
  /** The path without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names are lowercase. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body?: Body;
}

export type Body = Uint8Array | AsyncIterable<Uint8Array>;

/** An HTTP response. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body;
  /** The connection breaks after this many bytes of the body. 0 means right after the headers. */
  readonly cutAtByte?: number;
}

/** A response, a connection that closes without one, or a silence that ends in one of these. */
export type ApiAnswer =
  | Reply
  | { readonly cut: 'before' }
  | { readonly hangSeconds: number; readonly next: Reply | { readonly cut: 'before' } };

/**
 * The API refuses the request. `extras` are the fields of the body besides the reason. A refusal of the gateway uses
 * the field `message`.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly extras: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly isGateway: boolean;

  constructor(
    status: number,
    reason: string,
    more: {
      readonly extras?: Readonly<Record<string, unknown>>;
      readonly headers?: Readonly<Record<string, string>>;
      readonly isGateway?: boolean;
    } = {},
  ) {
    super(reason);
    this.status = status;
    this.extras = more.extras ?? {};
    this.headers = more.headers ?? {};
    this.isGateway = more.isGateway ?? false;
  }
}

/** Creates a JSON response. */
export function json(status: number, value: unknown, headers: Record<string, string> = {}): Reply {
  const body = Buffer.from(JSON.stringify(value));
  return {
    status,
    headers: { 'content-type': 'application/json', 'content-length': `${body.byteLength}`, ...headers },
    body,
  };
}

/** Creates an XML or HTML response, as storage and edge servers send. */
export function markup(status: number, type: 'xml' | 'html', text: string): Reply {
  const body = Buffer.from(text);
  return {
    status,
    headers: {
      'content-type': type === 'xml' ? 'application/xml' : 'text/html',
      'content-length': `${body.byteLength}`,
    },
    body,
  };
}

/** Creates an error response in the format of S3 and CloudFront. */
export function xmlError(status: number, code: string, message: string, more = ''): Reply {
  return markup(
    status,
    'xml',
    `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message>${more}</Error>`,
  );
}

/**
 * Returns the whole body, or undefined if it exceeds the limit. Always reads to the end, because the client is still
 * sending.
 */
export async function bytesOf(body: Body | undefined, limit = Infinity): Promise<Buffer | undefined> {
  if (body === undefined) return Buffer.alloc(0);
  if (body instanceof Uint8Array) return body.byteLength > limit ? undefined : Buffer.from(body);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.byteLength;
    if (length <= limit) chunks.push(chunk);
  }
  return length > limit ? undefined : Buffer.concat(chunks);
}
