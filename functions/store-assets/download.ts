import { DownloadBrokenError } from '../shared/errors.ts';
import { HEAD_BYTES } from './file-kind.ts';

/** A file on its way. */
export interface Download {
  /** Its first bytes, at most `HEAD_BYTES`. */
  readonly head: Uint8Array;
  /** All of its bytes, the head's again. To be read once, to the end. */
  readonly bytes: AsyncGenerator<Uint8Array>;
  /** What the host says, when it says it about these very bytes. */
  readonly length: number | undefined;
}

export interface DownloadTools {
  readonly fetch: typeof fetch;
  /** Base of the configured API: its own host may serve files too. */
  readonly apiUrl: string;
}

const MOST_REDIRECTS = 5;
const TOTAL_MS = 10 * 60_000;

/** Begins a download from a signed URL, following redirects within Scenario's hosts, without credentials. */
export async function download(url: string, tools: DownloadTools): Promise<Download> {
  const signal = AbortSignal.timeout(TOTAL_MS);
  const response = await follow(address(url), tools, signal);
  if (!response.body) throw new DownloadBrokenError(`${hostOf(response)} sent nothing`);
  const encoded = response.headers.get('content-encoding');
  const length = response.headers.get('content-length');
  const pieces = piecesOf(response.body, hostOf(response));
  const { head, rest } = await peek(pieces);
  return { head, bytes: rest, length: length !== null && encoded === null ? Number(length) : undefined };
}

async function follow(first: URL, { fetch, apiUrl }: DownloadTools, signal: AbortSignal): Promise<Response> {
  let url = first;
  for (let hops = 0; hops <= MOST_REDIRECTS; hops += 1) {
    if (!isAllowed(url, new URL(apiUrl)))
      throw new DownloadBrokenError(`the file is on a foreign host: ${url.host}`);
    const response = await fetch(url, {
      redirect: 'manual',
      signal,
      headers: { 'accept-encoding': 'identity' },
    }).catch((cause: unknown) => {
      throw new DownloadBrokenError(`${url.host} did not answer`, { cause });
    });
    if (response.ok) return response;
    await response.body?.cancel();
    const location = response.headers.get('location');
    if (response.status < 300 || response.status > 399 || location === null) {
      throw new DownloadBrokenError(`${url.host} answered ${response.status}`);
    }
    url = address(location, url);
  }
  throw new DownloadBrokenError(`${first.host} redirected more than ${MOST_REDIRECTS} times`);
}

function address(url: string, base?: URL): URL {
  const parsed = URL.parse(url, base?.href);
  if (!parsed) throw new DownloadBrokenError('Scenario named no address of the file');
  return parsed;
}

/** Only Scenario's hosts, and the configured API's own. */
function isAllowed(url: URL, api: URL): boolean {
  if (url.origin === api.origin) return true;
  return url.protocol === 'https:' && url.port === '' && url.hostname.endsWith('.scenario.com');
}

function hostOf(response: Response): string {
  return new URL(response.url).host;
}

async function* piecesOf(body: ReadableStream<Uint8Array>, host: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of body) yield piece;
  } catch (cause) {
    throw new DownloadBrokenError(`the download from ${host} broke off`, { cause });
  }
}

/** Reads just enough to know what the file is. */
async function peek(
  pieces: AsyncGenerator<Uint8Array>,
): Promise<{ head: Uint8Array; rest: AsyncGenerator<Uint8Array> }> {
  const read: Uint8Array[] = [];
  let bytes = 0;
  while (bytes < HEAD_BYTES) {
    const next = await pieces.next();
    if (next.done) break;
    read.push(next.value);
    bytes += next.value.length;
  }
  async function* rest() {
    yield* read;
    yield* pieces;
  }
  return { head: Buffer.concat(read).subarray(0, HEAD_BYTES), rest: rest() };
}
