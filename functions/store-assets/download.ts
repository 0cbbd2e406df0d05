import { PassThrough, pipeline, type Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Alarm, Clock } from '../platform/clock.ts';
import { HostRefusedError, isAllowed, type Lookup, refusePrivate } from '../scenario/allowed-hosts.ts';
import { DownloadBrokenError } from './errors.ts';
import { HEAD_BYTES } from './file-kind.ts';
import type { Get, StreamedResponse } from './http-get.ts';

export interface Network {
  /** Base URL of the configured API. Its host may also serve files. */
  readonly apiUrl: string;
  readonly get: Get;
  readonly lookup: Lookup;
  /** More hosts that may serve files. */
  readonly resultHosts: readonly string[];
  readonly clock: Clock;
}

const MAX_REDIRECTS = 5;
const IDLE_MS = 30_000;
/** A host that sends less than this in `IDLE_MS` is stalled, or is slow on purpose. */
const MIN_BYTES = 256 * 1024;

/**
 * Starts a download from a signed URL, without credentials. Follows redirects within Scenario's hosts.
 *
 * @returns `head`: the first bytes, at most `HEAD_BYTES`; `bytes`: all bytes, including the head, to be read once;
 *   `length`: from the host, if it describes exactly these bytes; `close`: ends the download at any point
 * @throws DownloadBrokenError, from here or while the bytes are read
 */
export async function download(url: string, totalMs: number, network: Network) {
  const stop = new AbortController();
  const late = (why: string) => stop.abort(new DownloadBrokenError(`the download ${why}`));
  // While S3 is slow to take the bytes, the sender is not at fault.
  const sender = { isAwaited: true };
  const total = network.clock.alarm(totalMs, () => late('takes too long'));
  const idle = network.clock.alarm(IDLE_MS, () => (sender.isAwaited ? late('is stalled') : idle.refresh()));
  const close = () => {
    total.close();
    idle.close();
    stop.abort();
  };
  try {
    const response = await follow(parseAddress(url), network, stop.signal);
    const { 'content-encoding': encoding, 'content-length': length } = response.headers;
    const { head, rest } = await peek(readPieces(decode(response, encoding), { sender, idle }, stop.signal));
    const isPlain = encodingsOf(encoding).length === 0 && length !== undefined;
    return { head, bytes: rest, length: isPlain ? Number(length) : undefined, close };
  } catch (error) {
    close();
    throw error;
  }
}

async function follow(first: URL, network: Network, signal: AbortSignal): Promise<StreamedResponse> {
  let url = first;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
    const response = await getGuarded(url, network, signal).catch((cause: unknown) => {
      throw whyBroken(signal, cause, `${url.host} did not answer`);
    });
    if (isWhole(response)) return response;
    response.destroy();
    const { statusCode = 0, headers } = response;
    if (statusCode < 300 || statusCode > 399 || headers.location === undefined)
      throw new DownloadBrokenError(`${url.host} answered ${statusCode}`);
    url = parseAddress(headers.location, url);
  }
  throw new DownloadBrokenError(`${first.host} redirected more than ${MAX_REDIRECTS} times`);
}

/** Connects only to allowed hosts with public addresses. */
async function getGuarded(url: URL, { apiUrl, get, lookup, resultHosts }: Network, signal: AbortSignal) {
  const api = new URL(apiUrl);
  if (!isAllowed(url, api, resultHosts))
    throw new DownloadBrokenError(`the file is on a foreign host: ${url.host} (resultHosts can allow it)`);
  return await get(url, url.origin === api.origin ? { signal } : { signal, lookup: refusePrivate(lookup, api) });
}

/** Whether the answer has the whole file: also if a cache says so in other words. */
function isWhole({ statusCode, headers }: StreamedResponse): boolean {
  if (statusCode === 200 || statusCode === 203) return true;
  const [, last, total] = /^bytes 0-(\d+)\/(\d+)$/.exec(headers['content-range'] ?? '') ?? [];
  return statusCode === 206 && total !== undefined && Number(last) + 1 === Number(total);
}

function parseAddress(url: string, base?: URL): URL {
  const parsed = URL.parse(url, base?.href);
  if (!parsed) throw new DownloadBrokenError('Scenario gave no address of the file');
  return parsed;
}

const DECODERS: Readonly<Record<string, () => NodeJS.ReadWriteStream & Readable>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** The encodings that change the bytes, in the order they were applied. As in browsers, an unknown one changes nothing. */
function encodingsOf(header: string | undefined): readonly string[] {
  const named = (header ?? '').split(',').map((one) => one.trim().toLowerCase());
  return named.filter((one) => Object.hasOwn(DECODERS, one));
}

/** The request accepts no encoding, but some hosts use one anyway. Errors surface where the pieces are read. */
function decode(response: StreamedResponse, encoding: string | undefined): Readable {
  return encodingsOf(encoding)
    .toReversed()
    .reduce<Readable>((body, name) => pipeline(body, DECODERS[name]?.() ?? new PassThrough(), () => {}), response);
}

async function* readPieces(
  body: AsyncIterable<Uint8Array>,
  { sender, idle }: { readonly sender: { isAwaited: boolean }; readonly idle: Alarm },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let seen = 0;
  try {
    for await (const piece of body) {
      seen += piece.length;
      if (seen >= MIN_BYTES) {
        seen = 0;
        idle.refresh();
      }
      sender.isAwaited = false;
      yield piece;
      sender.isAwaited = true;
    }
  } catch (cause) {
    throw whyBroken(signal, cause, 'the download was cut off');
  }
}

/** The reason for the abort, if there was one; otherwise a network error. */
function whyBroken(signal: AbortSignal, cause: unknown, otherwise: string): DownloadBrokenError {
  const why: unknown = signal.aborted ? signal.reason : cause;
  if (why instanceof HostRefusedError) return new DownloadBrokenError(why.message, { cause });
  return why instanceof DownloadBrokenError ? why : new DownloadBrokenError(otherwise, { cause });
}

/** Reads just enough to detect the kind of the file. */
async function peek(pieces: AsyncGenerator<Uint8Array>) {
  let read = Buffer.alloc(0);
  while (read.length < HEAD_BYTES) {
    const next = await pieces.next();
    if (next.done) break;
    read = Buffer.concat([read, next.value]);
  }
  async function* rest() {
    yield read;
    yield* pieces;
  }
  return { head: read.subarray(0, HEAD_BYTES), rest: rest() };
}
