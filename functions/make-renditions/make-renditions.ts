import { createHash } from 'node:crypto';
import { GetObjectCommand, NoSuchKey, PutObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import type { Asset } from '../contract/asset.ts';
import { type RenditionName, renditionSettingsSchema, type RenditionSettings } from '../contract/options.ts';
import type { RenditionFile } from '../contract/renditions.ts';
import { type Renditions, renditionsSchema, schemaVersion } from '../contract/schemas.ts';
import { metresIn } from '../models/height.ts';
import { HEIGHT_KEY } from '../models/metadata-keys.ts';
import { normalizeS3Errors } from '../platform/aws-errors.ts';
import type { Clients } from '../platform/clients.ts';
import { type Clock, isoDate } from '../platform/clock.ts';
import { checkStrictly } from '../platform/documents.ts';
import type { Env } from '../platform/env.ts';
import { toError } from '../platform/errors.ts';
import { type Handle, lambdaTelemetry } from '../platform/observability.ts';
import { consumeBatch } from '../platform/queue-batch.ts';
import { MAX_SOURCE_BYTES } from '../renditions/bounds.ts';
import type { MadeFile, MadeRenditions, RenditionsWish } from '../renditions/make-files.ts';
import { assetFolder, assetName, renditionsKey } from '../run/keys.ts';
import { createRuns, RUNS_ENV, type Runs, type Surroundings } from '../run/runs.ts';
import type { Make } from './make-in-thread.ts';
import { assetsOf, type ModelStoredDetail, type Order, orderIn } from '../run/stored-model.ts';
import { hashSettings, isOf, readRenditions, toRenditionsEvent } from './renditions-document.ts';

export const MAKE_RENDITIONS_ENV = [...RUNS_ENV, 'RENDITION_SETTINGS'] as const;
export type MakeRenditionsEnv = Env<(typeof MAKE_RENDITIONS_ENV)[number]>;

/** Composes the function that makes the renditions of each stored model and announces them. */
export function createMakeRenditions(
  env: MakeRenditionsEnv,
  clients: Clients<'s3' | 'events'> & { readonly make: Make },
  clock: Clock,
  { telemetry = lambdaTelemetry }: Surroundings = {},
): Handle<SQSEvent, SQSBatchResponse> {
  const runs = createRuns(env, clients, clock, telemetry);
  const settings = renditionSettingsSchema.parse(JSON.parse(env.RENDITION_SETTINGS));
  const studio: Studio = { runs, s3: normalizeS3Errors(clients.s3), make: clients.make, settings };
  return async (event) =>
    await consumeBatch(
      event,
      async (body, { attributes }) => {
        const receives = Number(attributes.ApproximateReceiveCount);
        await makeRenditions(orderIn(body), receives, studio);
      },
      (_message, error) => telemetry.log.warn('the model returns to the queue', { error: toError(error) }),
    );
}

interface Studio {
  readonly runs: Runs;
  readonly s3: S3Client;
  readonly make: Make;
  readonly settings: RenditionSettings;
}

/** After so many receives without an answer, the function has died of this model each time. */
const MAX_RECEIVES = 4;

/**
 * Makes the renditions of one stored model, writes them, then `renditions.json`, then sends the event. Safe to repeat:
 * for the same model and settings, nothing is made again. The model itself is only read.
 */
async function makeRenditions({ stored, again }: Order, receives: number, studio: Studio): Promise<void> {
  const { runs, settings } = studio;
  const { runId } = stored.metadata;
  const { upload } = stored.data;
  runs.telemetry.log.appendKeys({ runId });
  const assets = await assetsOf(stored, runs.documents);
  const model =
    assets.find(({ role, contentType }) => role === 'model' && contentType === GLB) ??
    assets.find(({ role }) => role === 'model');
  if (!model) return runs.telemetry.log.warn('the event names no model');
  const { key, versionId, sha256 } = model;
  const source = { key, versionId, sha256 };
  const height = metresIn(upload.metadata?.[HEIGHT_KEY]);
  const settingsHash = hashSettings(settings, height);
  const folder = assetFolder(upload.key, runId);
  const own = renditionsKey(folder);
  // A run that reuses an earlier model has its files in the folder of the earlier run.
  const earlier = renditionsKey(key.slice(0, key.lastIndexOf('/') + 1));
  for (const at of new Set([own, earlier])) {
    const kept = (await readRenditions(runs.documents, at))?.renditions;
    const isDone = kept && isOf(kept, source, settingsHash) && !(again && kept.missing.length > 0);
    if (isDone) return await announce(kept, at, stored, runs);
  }
  const startedAt = runs.clock.now();
  const wish = toWish(stored, { height, preview: await readPreview(assets, studio), settings });
  const isDeadly = receives >= MAX_RECEIVES;
  const loaded = isDeadly ? { reason: `making them failed ${receives - 1} times` } : await loadModel(model, studio);
  const made = await studio.make({ glb: undefined, reason: '', ...loaded, wish });
  const place = `${folder}${assetName(upload.key)}`;
  const taken = new Set(assets.map((asset) => asset.key));
  const files = await storeFiles(made.files, { place, taken, runId }, studio);
  const finishedAt = isoDate(runs.clock.now());
  const document = toDocument(made, files, { runId, finishedAt, settingsHash, source });
  count(document, (runs.clock.now() - startedAt) / 1000, runs);
  await announce(await write(document, own, runs), own, stored, runs);
}

const GLB = 'model/gltf-binary';

async function announce(renditions: Renditions, key: string, stored: ModelStoredDetail, runs: Runs): Promise<void> {
  await runs.announce(toRenditionsEvent(renditions, { bucket: runs.assetBucket, key }, stored));
}

interface WishParts {
  readonly height: number | undefined;
  readonly preview: Uint8Array | undefined;
  readonly settings: RenditionSettings;
}

function toWish({ metadata, data }: ModelStoredDetail, { height, preview, settings }: WishParts): RenditionsWish {
  const { names, maxTriangles, maxBytes, background } = settings;
  const [r = 0, g = 0, b = 0] = background.match(/[\da-f]{2}/gi)?.map((hex) => Number.parseInt(hex, 16)) ?? [];
  return {
    names,
    maxTriangles,
    maxBytes,
    background: background.startsWith('#') ? [r, g, b] : undefined,
    height,
    isReal: data.model.parameters?.['autoSize'] === true,
    provenance: { modelId: data.model.id, runId: metadata.runId, imageSha256: data.upload.sha256 },
    preview,
  };
}

type Loaded = { readonly glb: Uint8Array<ArrayBuffer> } | { readonly reason: string };

/** Reads exactly the version that was announced, and checks its bytes. */
async function loadModel(model: Asset, studio: Studio): Promise<Loaded> {
  const { bytes, contentType, sha256 } = model;
  if (contentType !== GLB) return { reason: `files of the type ${contentType} cannot be read, only GLB files` };
  if (bytes > MAX_SOURCE_BYTES)
    return { reason: `the model is larger than ${MAX_SOURCE_BYTES.toLocaleString('en')} bytes` };
  const glb = await readAsset(model, studio);
  if (!glb) return { reason: 'the file of the model is gone' };
  const isSame = createHash('sha256').update(glb).digest('hex') === sha256;
  return isSame ? { glb } : { reason: 'the file of the model is not the one that was announced' };
}

/** Larger pictures are not previews. */
const MAX_PREVIEW_BYTES = 20_000_000;

async function readPreview(assets: readonly Asset[], studio: Studio): Promise<Uint8Array | undefined> {
  const preview = assets.find(({ role, bytes }) => role === 'preview' && bytes <= MAX_PREVIEW_BYTES);
  return preview && (await readAsset(preview, studio));
}

/** Undefined if somebody has deleted it. */
async function readAsset(
  { bucket, key, versionId }: Asset,
  { s3 }: Studio,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }));
    return Body && new Uint8Array(await Body.transformToByteArray());
  } catch (error) {
    const isGone = error instanceof NoSuchKey || (error instanceof S3ServiceException && GONE.includes(error.name));
    if (isGone) return undefined;
    throw error;
  }
}

/** The object, or this version of it, does not exist. */
const GONE = ['NoSuchVersion', 'MethodNotAllowed'];

const EXTENSIONS: Readonly<Record<RenditionName, string>> = {
  web: 'web.glb',
  plain: 'plain.glb',
  ar: 'usdz',
  poster: 'poster.webp',
  turntable: 'turntable.webp',
};

/** @param place the start of every key. `taken`: the keys of what is paid for, which can be a USDZ, too */
async function storeFiles(
  files: readonly MadeFile[],
  { place, taken, runId }: { readonly place: string; readonly taken: ReadonlySet<string>; readonly runId: string },
  { s3, runs: { assetBucket: bucket } }: Studio,
): Promise<readonly RenditionFile[]> {
  const stored: RenditionFile[] = [];
  for (const { role, contentType, bytes } of files) {
    const usual = `${place}.${EXTENSIONS[role]}`;
    const key = taken.has(usual) ? `${place}.rendition.${EXTENSIONS[role]}` : usual;
    const object = { Bucket: bucket, Key: key, ContentType: contentType, Body: bytes, Metadata: { runid: runId } };
    const { VersionId } = await s3.send(new PutObjectCommand(object));
    const versionId = VersionId !== undefined && VersionId !== 'null' && { versionId: VersionId };
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    stored.push({ role, bucket, key, ...versionId, contentType, bytes: bytes.length, sha256 });
  }
  return stored;
}

function toDocument(
  { files, missing, placement, certificates, fidelity, notes }: MadeRenditions,
  stored: readonly RenditionFile[],
  about: Pick<Renditions, 'runId' | 'finishedAt' | 'settingsHash' | 'source'>,
): Renditions {
  const described = stored.map((file, n) => ({ ...file, facts: files[n]?.facts }));
  const details = { placement, files: described, missing, certificates, fidelity, notes };
  return checkStrictly(renditionsSchema, { schemaVersion, ...about, ...details } as Renditions);
}

/** Writes the document, unless another invocation has written the same one. @returns the one that stands */
async function write(document: Renditions, key: string, { documents }: Runs): Promise<Renditions> {
  for (;;) {
    const standing = await readRenditions(documents, key);
    const kept = standing?.renditions;
    if (kept && isOf(kept, document.source, document.settingsHash) && kept.missing.length <= document.missing.length)
      return kept;
    if ((await documents.write(key, document, standing?.etag)) !== undefined) return document;
  }
}

function count({ missing }: Renditions, seconds: number, { telemetry }: Runs): void {
  telemetry.count('RenditionSeconds', seconds);
  if (missing.length === 0) return;
  telemetry.count('RenditionsMissing', missing.length);
  telemetry.log.warn('some renditions are missing', { missing });
}
