/** A request as plain data, so that a simulation needs no sockets. */
export interface ApiRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body?: Body;
}

export type Body = Uint8Array | AsyncIterable<Uint8Array>;

/** What comes back, if something does. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body;
  /** The connection breaks after so many bytes of the body; 0 is right after the headers. */
  readonly cutAtByte?: number;
}

/** A reply, a connection that ends without a word, or one that stays silent for a while first. */
export type ApiAnswer =
  | Reply
  | { readonly cut: 'before' }
  | { readonly hangSeconds: number; readonly next: Reply | { readonly cut: 'before' } };

/** The answer is no. `extras` are the fields beside the reason; a gateway's own refusals always say `message`. */
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

/** A reply in JSON. */
export function json(status: number, value: unknown, headers: Record<string, string> = {}): Reply {
  const body = Buffer.from(JSON.stringify(value));
  return {
    status,
    headers: { 'content-type': 'application/json', 'content-length': `${body.byteLength}`, ...headers },
    body,
  };
}

/** A reply in XML or HTML, as storage and edges give. */
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

/** A refusal as S3 and CloudFront word it. */
export function xmlError(status: number, code: string, message: string, more = ''): Reply {
  return markup(
    status,
    'xml',
    `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message>${more}</Error>`,
  );
}

/** The whole body, or undefined when it is longer than allowed. Reads to the end either way: the sender is still sending. */
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
