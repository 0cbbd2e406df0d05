import { lookup as lookupAll } from 'node:dns/promises';
import ipaddr from 'ipaddr.js';
import * as z from 'zod';
import { ImportStuckError, ScenarioAccountError, ScenarioInputError, ScenarioUnavailableError } from './errors.ts';
import { callFree, type Connection } from './http.ts';
import { HostRefusedError, isAllowed, type Lookup, resolvePublic } from './allowed-hosts.ts';
import { id, parseBody, text, uploadShape } from './schemas.ts';

/** An image to upload to Scenario. */
export interface Image {
  readonly bytes: Uint8Array;
  readonly name: string;
  readonly contentType: string;
}

/** According to its documentation, Scenario accepts images below this size, in bytes, in one call. */
const INLINE_LIMIT = 6_000_000;

/** Creates an input asset from an image, in one call or in parts, depending on its size. Returns the asset's ID. */
export function uploadImage(image: Image, connection: Connection): Promise<string> {
  return image.bytes.length < INLINE_LIMIT ? uploadInline(image, connection) : uploadInParts(image, connection);
}

async function uploadInline({ name, bytes }: Image, connection: Connection): Promise<string> {
  const answer = await postNew('/assets', { name, image: Buffer.from(bytes).toString('base64') }, connection);
  const { asset } = parseBody(z.object({ asset: z.object({ id, url: text }) }), answer.body);
  requireReachable(asset.url, connection);
  return asset.id;
}

/**
 * Results are on the same hosts as input assets. If they could not be fetched, nothing must be paid.
 *
 * @throws ScenarioAccountError
 */
function requireReachable(url: string | undefined, { url: apiUrl, resultHosts }: Connection): void {
  const address = url === undefined ? undefined : URL.parse(url);
  if (!address || isAllowed(address, new URL(apiUrl), resultHosts)) return;
  throw new ScenarioAccountError(`Scenario keeps files on ${address.host}: to allow it, add it to resultHosts`);
}

/** The path has no ID, so a 404 means that the URL of the API is wrong and no image is at fault. */
async function postNew(path: string, body: unknown, connection: Connection) {
  const notFound = (message: string) => new ScenarioAccountError(message);
  return await callFree({ method: 'POST', path, body, notFound }, connection);
}

const PART_BYTES = 8_000_000;
const IMPORT_POLL_MS = 2_000;
/** Imports take 2 to 32 s. The import of a corrupt file may never end. */
const IMPORT_DEADLINE_MS = 90_000;
const PART_TIMEOUT_MS = 30_000;

/** Starts the upload, sends its parts, completes it, and waits for the asset. */
async function uploadInParts({ name, bytes, contentType }: Image, connection: Connection): Promise<string> {
  const parts = Math.ceil(bytes.length / PART_BYTES);
  const body = { fileName: name, contentType, fileSize: bytes.length, kind: 'image', parts };
  const started = await postNew('/uploads', body, connection);
  const { upload } = parseBody(z.object({ upload: uploadShape }), started.body);
  for (const part of upload.parts) {
    const from = (part.number - 1) * PART_BYTES;
    await putPart(part.url, bytes.subarray(from, from + PART_BYTES), connection);
  }
  const path = `/uploads/${encodeURIComponent(upload.id)}`;
  const complete = { method: 'POST', path: `${path}/action`, body: { action: 'complete' }, notFound } as const;
  // A refusal can mean that an earlier try worked and its answer was lost, so the status of the upload decides.
  const completed = await callFree(complete, connection).catch((error: unknown) => {
    if (error instanceof ScenarioInputError) return error;
    throw error;
  });
  return await waitForImport(path, completed instanceof Error ? completed : undefined, connection);
}

/** Part URLs are signed. They need no credentials, and checksum headers would break the signature. */
async function putPart(url: string, bytes: Uint8Array, connection: Connection): Promise<void> {
  await requirePublic(new URL(url), connection);
  const signal = AbortSignal.timeout(PART_TIMEOUT_MS);
  const sent = { method: 'PUT', body: Buffer.from(bytes), redirect: 'error', signal } as const;
  const response = await connection.fetch(url, sent).catch(() => undefined);
  await response?.body?.cancel();
  if (response?.ok) return;
  throw new ScenarioUnavailableError(`Scenario did not accept a part of the image: ${response?.status ?? 'no answer'}`);
}

/**
 * Part URLs lead to storage on any host, but never into the own network.
 *
 * @throws ScenarioAccountError if a person has to look; ScenarioUnavailableError if the name cannot be resolved
 */
async function requirePublic({ protocol, host, hostname }: URL, { url, lookup = byDns }: Connection): Promise<void> {
  const api = new URL(url);
  if (host === api.host) return;
  if (protocol !== 'https:') throw new ScenarioAccountError(`Scenario returned a part URL without https, on ${host}`);
  if (ipaddr.isValid(hostname.replace(/^\[|\]$/g, '')))
    throw new ScenarioAccountError(`Scenario returned a part URL with an address instead of a name: ${host}`);
  await resolvePublic(hostname, lookup, api).catch((error: unknown) => {
    if (error instanceof HostRefusedError) throw new ScenarioAccountError(error.message);
    throw new ScenarioUnavailableError(`the host of a part URL cannot be resolved: ${host}`);
  });
}

const byDns: Lookup = (hostname) => lookupAll(hostname, { all: true });

/** Scenario does not know the upload yet, or not anymore. The next attempt makes a new one. */
const notFound = (message: string) => new ScenarioUnavailableError(message);

async function waitForImport(path: string, refused: Error | undefined, connection: Connection): Promise<string> {
  const deadline = connection.clock.now() + IMPORT_DEADLINE_MS;
  for (;;) {
    const { body } = await callFree({ method: 'GET', path, notFound }, connection);
    const { upload } = parseBody(z.object({ upload: uploadShape }), body);
    if (upload.entityId) return upload.entityId;
    if (upload.status === 'failed')
      throw new ScenarioInputError(upload.errorMessage ?? 'Scenario could not import the image');
    if (refused && upload.status === 'pending') throw refused;
    if (connection.clock.now() > deadline)
      throw new ImportStuckError(`Scenario has not accepted the image: its upload is still ${upload.status}`);
    await connection.clock.sleep(IMPORT_POLL_MS);
  }
}
