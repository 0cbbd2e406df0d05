import { pipeline, type Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { DownloadBrokenError } from '../platform/errors.ts';
import { isAllowed, type Lookup, outsideOnly } from './allowed-hosts.ts';
import { HEAD_BYTES } from './file-kind.ts';
import type { Answer, Get } from './http-get.ts';

/** A file on its way. */
export interface Download {
  /** Its first bytes, at most `HEAD_BYTES`. */
  readonly head: Uint8Array;
  /** All of its bytes, the head's again. To be read once. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** What the host says, when it says it about these very bytes. */
  readonly length: number | undefined;
  /** Ends it, wherever it is. */
  close(): void;
}

/** Rings once, unless it is begun anew or closed before. */
export type Alarm = (ms: number, ring: () => void) => { refresh(): void; close(): void };

export interface DownloadTools {
  /** Base of the configured API: its own host may serve files too. */
  readonly apiUrl: string;
  readonly get: Get;
  readonly lookup: Lookup;
  readonly alarm: Alarm;
}

const MOST_REDIRECTS = 5;
const IDLE_MS = 30_000;
/** Whoever sends less than this in that time stands still, or trickles on purpose. */
const LEAST_BYTES = 256 * 1024;

/** Begins a download from a signed URL, following redirects within Scenario's hosts, without credentials. */
export async function download(url: string, totalMs: number, tools: DownloadTools): Promise<Download> {
  const stop = new AbortController();
  const late = (why: string) => stop.abort(new DownloadBrokenError(`the download ${why}`));
  // While S3 is slow to take the bytes, nobody waits for the sender.
  const sender = { isAwaited: true };
  const total = tools.alarm(totalMs, () => late('takes too long'));
  const idle = tools.alarm(IDLE_MS, () => (sender.isAwaited ? late('stands still') : idle.refresh()));
  const close = () => {
    total.close();
    idle.close();
    stop.abort();
  };
  try {
    const response = await follow(address(url), tools, stop.signal);
    const { 'content-encoding': encoding, 'content-length': length } = response.headers;
    const { head, rest } = await peek(piecesOf(decoded(response, encoding), { sender, idle }, stop.signal));
    const isPlain = encoding === undefined && length !== undefined;
    return { head, bytes: rest, length: isPlain ? Number(length) : undefined, close };
  } catch (error) {
    close();
    throw error;
  }
}

async function follow(first: URL, tools: DownloadTools, signal: AbortSignal): Promise<Answer> {
  let url = first;
  for (let hops = 0; hops <= MOST_REDIRECTS; hops += 1) {
    const response = await guarded(url, tools, signal).catch((cause: unknown) => {
      throw brokenBy(signal, cause, `${url.host} did not answer`);
    });
    if (response.statusCode === 200) return response;
    response.destroy();
    const { statusCode = 0, headers } = response;
    if (statusCode < 300 || statusCode > 399 || headers.location === undefined)
      throw new DownloadBrokenError(`${url.host} answered ${statusCode}`);
    url = address(headers.location, url);
  }
  throw new DownloadBrokenError(`${first.host} redirected more than ${MOST_REDIRECTS} times`);
}

async function guarded(url: URL, { apiUrl, get, lookup }: DownloadTools, signal: AbortSignal) {
  const api = new URL(apiUrl);
  if (!isAllowed(url, api)) throw new DownloadBrokenError(`the file is on a foreign host: ${url.host}`);
  return await get(url, url.origin === api.origin ? { signal } : { signal, lookup: outsideOnly(lookup) });
}

function address(url: string, base?: URL): URL {
  const parsed = URL.parse(url, base?.href);
  if (!parsed) throw new DownloadBrokenError('Scenario named no address of the file');
  return parsed;
}

const DECODERS: Readonly<Record<string, () => NodeJS.ReadWriteStream & Readable>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** Nobody asked for an encoding, and some hosts use one all the same. */
function decoded(response: Answer, encoding: string | undefined): Readable {
  if (encoding === undefined || encoding === 'identity') return response;
  const decoder = DECODERS[encoding.toLowerCase()];
  if (!decoder)
    throw new DownloadBrokenError(`the file comes in an encoding that nobody asked for: ${encoding}`);
  // What goes wrong is thrown where the pieces are read.
  return pipeline(response, decoder(), () => {});
}

async function* piecesOf(
  body: AsyncIterable<Uint8Array>,
  { sender, idle }: { readonly sender: { isAwaited: boolean }; readonly idle: ReturnType<Alarm> },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let seen = 0;
  try {
    for await (const piece of body) {
      seen += piece.length;
      if (seen >= LEAST_BYTES) {
        seen = 0;
        idle.refresh();
      }
      sender.isAwaited = false;
      yield piece;
      sender.isAwaited = true;
    }
  } catch (cause) {
    throw brokenBy(signal, cause, 'the download broke off');
  }
}

/** Why it was stopped, when it was; else what the network says. */
function brokenBy(signal: AbortSignal, cause: unknown, otherwise: string): DownloadBrokenError {
  const why: unknown = signal.aborted ? signal.reason : cause;
  return why instanceof DownloadBrokenError ? why : new DownloadBrokenError(otherwise, { cause });
}

/** Reads just enough to know what the file is. */
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
