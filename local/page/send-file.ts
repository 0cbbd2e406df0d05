import { pipeline } from 'node:stream/promises';
import { Zip, ZipPassThrough } from 'fflate';
import { assetFolder } from '../../functions/run/keys.ts';
import type { StoredObject } from '../runs/local-meshdrop.ts';
import { BadCallError } from './bad-call.ts';
import type { PageCall } from './page.ts';
import type { PageTools } from './page-tools.ts';
import { uploadOf } from './run-details.ts';

/** Sends a file of the asset bucket: `/files/models/…` */
export async function sendAssetFile(call: PageCall, { meshdrop }: PageTools): Promise<void> {
  const [key = ''] = call.names;
  await send(call, meshdrop.store.get(meshdrop.assetBucket, key));
}

/** Sends the picture that was uploaded. */
export async function sendImage(call: PageCall, tools: PageTools): Promise<void> {
  const { bucket, key, versionId } = uploadOf(call.names[0] ?? '', tools);
  await send(call, tools.meshdrop.store.get(bucket, key, { versionId }));
}

/**
 * An uploaded file can contain anything, so the browser must display or download it, but never run it as a page of this
 * origin.
 */
async function send({ response, query }: PageCall, { object, body }: StoredObject): Promise<void> {
  const name = object.key.split('/').at(-1) ?? '';
  response.writeHead(200, {
    'content-type': object.contentType ?? 'application/octet-stream',
    'content-length': object.size,
    'content-security-policy': 'sandbox',
    ...(query.has('download') && {
      'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
    }),
  });
  await pipeline(body, response);
}

/** Sends all files of a run in one archive. They are compressed already, so the archive only stores them. */
export async function sendZip({ names: [runId = ''], response }: PageCall, { meshdrop }: PageTools): Promise<void> {
  const { runs, store, assetBucket } = meshdrop;
  const run = runs.get(runId);
  if (!run) throw new BadCallError(`there is no run ${runId}`, 404);
  const folder = assetFolder(run.key, runId);
  response.writeHead(200, {
    'content-type': 'application/zip',
    'content-disposition': `attachment; filename="${runId.replaceAll(/[^\w.-]/g, '-')}.zip"`,
  });
  const zip = new Zip((error, bytes, isLast) => {
    if (error) return void response.destroy(error);
    response.write(bytes);
    if (isLast) response.end();
  });
  for (const object of store.list(assetBucket, { prefix: folder }).objects) {
    const name = object.key.slice(folder.length);
    if (name.includes('/')) continue;
    const entry = new ZipPassThrough(name);
    zip.add(entry);
    for await (const piece of store.read(object) as AsyncIterable<Uint8Array>) {
      entry.push(piece);
      if (response.writableNeedDrain) await new Promise((resolve) => response.once('drain', resolve));
    }
    entry.push(new Uint8Array(), true);
  }
  zip.end();
}
