import { createHash } from 'node:crypto';
import { type Body, markup, type Reply, xmlError } from '../answer.ts';
import { padBytesOf, resultFor, sizeOf } from './assets.ts';
import type { Call } from '../call.ts';
import type { AssetRecord } from '../records.ts';
import { fileName } from './results.ts';
import type { World } from '../world.ts';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  glb: 'model/gltf-binary',
  fbx: 'application/octet-stream',
};

/** `GET /cdn/assets/{id}.{extension}`: sends the file, if the signed URL is valid. */
export async function cdnFile(call: Call, world: World): Promise<Reply> {
  if (call.headers['authorization'] !== undefined) {
    // The request has API credentials, which must never reach the storage. The storage behind the CDN answers like
    // this.
    world.tally.leakedCredentials += 1;
    return xmlError(400, 'InvalidArgument', 'Only one auth mechanism allowed');
  }
  const file = call.params['file'] ?? '';
  const signedPath = `/cdn/assets/${file}`;
  const objection = world.signer.objection(signedPath, call.query, world.now());
  const asset = world.assets.get(file.split('.')[0] ?? '');
  const now = world.now();
  if (objection !== undefined) return xmlError(403, 'AccessDenied', objection);
  if (asset === undefined || asset.readyFrom > now || asset.isBroken === true) {
    return xmlError(403, 'AccessDenied', 'Access Denied');
  }
  if (world.settings.options().results.needsUserAgent && (call.headers['user-agent'] ?? '') === '') {
    return markup(403, 'html', '<html><body>Request blocked.</body></html>');
  }
  if (world.settings.options().redirectDownloads && call.params['hop'] === undefined) {
    return redirected(`${world.origin()}/cdn/moved/${file}?${call.query.toString()}`);
  }
  return fileReply(call, asset, world);
}

/** Creates a temporary redirect. */
export function redirected(location: string): Reply {
  return { status: 302, headers: { location, 'content-length': '0' }, body: Buffer.alloc(0) };
}

async function fileReply(call: Call, asset: AssetRecord, world: World): Promise<Reply> {
  const size = await sizeOf(asset, world);
  const key = await storedUnder(asset, world);
  const etag = `"${createHash('md5').update(`${key} ${size}`).digest('hex')}"`;
  const isCurrent = [undefined, etag].includes(call.headers['if-range']);
  const range = isCurrent ? rangeIn(call.headers['range'], size) : undefined;
  const headers = { 'accept-ranges': 'bytes', etag, 'content-type': contentType(asset, world) };
  if (range === 'bad') {
    return {
      ...xmlError(416, 'InvalidRange', 'Not satisfiable'),
      headers: { 'content-range': `bytes */${size}` },
    };
  }
  const [start, end] = range ?? [0, size - 1];
  const { status, encoding, trailingBytes } = world.settings.options().results;
  const isPart = range !== undefined || status === 206;
  const trailing = range === undefined ? trailingBytes : 0;
  const body = bytesBetween(key, size - padBytesOf(asset, world), start, end, world);
  return {
    status: range === undefined ? status : 206,
    headers: {
      ...headers,
      'content-length': `${end - start + 1 + trailing}`,
      ...(isPart && { 'content-range': `bytes ${start}-${end + trailing}/${size + trailing}` }),
      ...(encoding !== '' && { 'content-encoding': encoding }),
    },
    body: trailing === 0 ? body : withZeros(body, trailing),
  };
}

async function* withZeros(body: AsyncGenerator<Uint8Array>, count: number): AsyncGenerator<Uint8Array> {
  yield* body;
  yield Buffer.alloc(count);
}

function contentType(asset: AssetRecord, world: World): string {
  if (asset.kind === '3d' && world.settings.options().resultContentType === 'octet-stream') {
    return 'application/octet-stream';
  }
  return CONTENT_TYPES[asset.extension] ?? asset.mimeType;
}

async function storedUnder(asset: AssetRecord, world: World): Promise<string> {
  const result = await resultFor(asset, world);
  return result === undefined || asset.made === undefined ? asset.id : fileName(result.id, asset.made.file);
}

/** Reads a single range. A request for several ranges gets the whole file, as HTTP allows. */
function rangeIn(header: string | undefined, size: number): [number, number] | 'bad' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  const [, from = '', to = ''] = match;
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const end = from === '' || to === '' ? size - 1 : Math.min(size - 1, Number(to));
  return start > end || start >= size ? 'bad' : [start, end];
}

const PAD_CHUNK = 64 * 1024;

/** Yields the stored bytes, then padding bytes. At most one chunk of padding is in memory. */
async function* bytesBetween(
  key: string,
  storedBytes: number,
  start: number,
  end: number,
  world: World,
): AsyncGenerator<Uint8Array> {
  if (start < storedBytes) yield* world.store.streamFile(key, start, Math.min(end, storedBytes - 1));
  for (let at = Math.max(start, storedBytes); at <= end; ) {
    const offset = (at - storedBytes) % PAD_CHUNK;
    const length = Math.min(PAD_CHUNK - offset, end - at + 1);
    yield padChunk(Math.floor((at - storedBytes) / PAD_CHUNK)).subarray(offset, offset + length);
    at += length;
  }
}

/** Makes each chunk different, so that a file with chunks in the wrong order has another hash. */
function padChunk(number: number): Buffer {
  const chunk = Buffer.alloc(PAD_CHUNK, number % 251);
  chunk.writeUInt32LE(number);
  return chunk;
}

/** `GET /cdn/thumbnails/{assetId}`: public and unsigned. Answers 502 for an unknown ID, as the real CDN does. */
export async function thumbnail(call: Call, world: World): Promise<Reply> {
  const asset = world.assets.get(call.params['assetId'] ?? '');
  const result = asset && asset.existsFrom <= world.now() ? await resultFor(asset, world) : undefined;
  if (result === undefined) return markup(502, 'html', '<html><body>502 Bad Gateway</body></html>');
  const size = result.sizes.thumbnail;
  const body: Body = world.store.streamFile(fileName(result.id, 'thumbnail'), 0, size - 1);
  return { status: 200, headers: { 'content-type': 'image/jpeg', 'content-length': `${size}` }, body };
}
