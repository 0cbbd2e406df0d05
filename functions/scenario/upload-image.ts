import * as z from 'zod';
import {
  ScenarioAccountError,
  ScenarioInputError,
  ScenarioNotFoundError,
  ScenarioUnavailableError,
} from '../platform/errors.ts';
import { id, read, uploadShape } from './schemas.ts';
import { callFree, type HttpTools } from './http.ts';

/** An image on its way to Scenario. */
export interface Image {
  readonly bytes: Uint8Array;
  readonly name: string;
  readonly contentType: string;
}

/** Scenario documents images below this for the one-call upload. */
const INLINE_LIMIT = 6_000_000;

/** Makes an input asset of an image, by whichever of the API's two ways its size allows. */
export function uploadImage(image: Image, tools: HttpTools): Promise<string> {
  return image.bytes.length < INLINE_LIMIT ? uploadInline(image, tools) : uploadInParts(image, tools);
}

async function uploadInline({ name, bytes }: Image, tools: HttpTools): Promise<string> {
  const body = { name, image: Buffer.from(bytes).toString('base64') };
  const answer = await atKnownAddress(callFree({ method: 'POST', path: '/assets', body }, tools));
  return read(z.object({ asset: z.object({ id }) }), answer.body).asset.id;
}

/** A 404 where nothing is named is about the address of the API, not about an image. */
async function atKnownAddress<T>(call: Promise<T>): Promise<T> {
  return await call.catch((cause: unknown) => {
    throw cause instanceof ScenarioNotFoundError ? new ScenarioAccountError(cause.message, { cause }) : cause;
  });
}

const PART_BYTES = 8_000_000;
const IMPORT_POLL_MS = 2_000;
/** Imports were seen to take 2 to 32 s; a corrupt file may hang there for ever. */
const IMPORT_DEADLINE_MS = 90_000;
const PART_TIMEOUT_MS = 30_000;

/** The multipart flow: announce, put the parts, complete, wait until the asset is there. */
async function uploadInParts({ name, bytes, contentType }: Image, tools: HttpTools): Promise<string> {
  const parts = Math.ceil(bytes.length / PART_BYTES);
  const body = { fileName: name, contentType, fileSize: bytes.length, kind: 'image', parts };
  const started = await atKnownAddress(callFree({ method: 'POST', path: '/uploads', body }, tools));
  const { upload } = read(z.object({ upload: uploadShape }), started.body);
  for (const part of upload.parts ?? []) {
    const from = (part.number - 1) * PART_BYTES;
    await putPart(part.url, bytes.subarray(from, from + PART_BYTES), tools);
  }
  const path = `/uploads/${encodeURIComponent(upload.id)}`;
  const complete = { method: 'POST', path: `${path}/action`, body: { action: 'complete' } } as const;
  // It may be refused because it was taken before, and only its answer was lost: the upload itself tells.
  const refused = await callFree(complete, tools).then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof ScenarioInputError) return error;
      throw error;
    },
  );
  return await imported(path, refused, tools);
}

/** Part URLs are signed: no credentials, and no checksum headers, which would break the signature. */
async function putPart(url: string, bytes: Uint8Array, tools: HttpTools): Promise<void> {
  const { protocol, host } = new URL(url);
  if (protocol !== 'https:' && host !== new URL(tools.url).host)
    throw new Error(`Scenario named a part URL without https, on ${host}`);
  const sent = {
    method: 'PUT',
    body: Buffer.from(bytes),
    redirect: 'error',
    signal: AbortSignal.timeout(PART_TIMEOUT_MS),
  } as const;
  const response = await tools.fetch(url, sent).catch(() => undefined);
  await response?.body?.cancel();
  if (!response?.ok)
    throw new ScenarioUnavailableError(
      `a part of the image was not taken: ${response?.status ?? 'no answer'}`,
    );
}

async function imported(
  path: string,
  refused: ScenarioInputError | undefined,
  tools: HttpTools,
): Promise<string> {
  const deadline = tools.now() + IMPORT_DEADLINE_MS;
  for (;;) {
    const { body } = await callFree({ method: 'GET', path }, tools);
    const { upload } = read(z.object({ upload: uploadShape }), body);
    if (upload.entityId) return upload.entityId;
    if (upload.status === 'failed')
      throw new ScenarioInputError(upload.errorMessage ?? 'Scenario could not import the image');
    if (refused && upload.status === 'pending') throw refused;
    if (tools.now() > deadline)
      throw new Error(`Scenario did not import the image: its upload is still ${upload.status}`);
    await tools.sleep(IMPORT_POLL_MS);
  }
}
