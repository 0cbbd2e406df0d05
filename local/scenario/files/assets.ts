import { json, Refusal, type Reply } from '../answer.ts';
import { assetIdsIn, type Call, objectIn, refuseUnknown, requiredString } from '../call.ts';
import { imageFactsOf } from './images.ts';
import { AUTHOR_ID, OWNER_ID } from '../jobs/jobs.ts';
import { resultOf } from './results.ts';
import type { AssetRecord, ResultRecord } from '../records.ts';
import { originalIdOf, type World } from '../world.ts';

const CREATE_FIELDS = ['name', 'image', 'hide', 'parentId', 'collectionIds', 'canvas', 'thumbnail'];

/** `POST /assets`: creates an asset from a base64 image. It is ready immediately. */
export async function createAsset(call: Call, world: World): Promise<Reply> {
  const options = world.settings.options();
  const body = await objectIn(call, options.bodyLimitBytes);
  refuseUnknown(body, CREATE_FIELDS);
  const name = requiredString(body, 'name');
  if (body['image'] === undefined) throw new Refusal(400, "Either 'image' or 'canvas' must be provided");
  const image = requiredString(body, 'image');
  const bytes = image.startsWith('data:') ? dataUrlBytes(image) : base64Bytes(image);
  if (bytes.byteLength >= options.inlineLimitBytes) throw new Refusal(400, 'Unhandled image format');
  const asset = await createImageAsset({ bytes, name }, world);
  return json(200, { asset: await assetView(asset, world) });
}

/**
 * Returns the bytes of a data URL.
 *
 * @throws Refusal 400 if it is not a base64 data URL
 */
export function dataUrlBytes(url: string): Buffer {
  const match = /^data:[\w.+-]+\/[\w.+-]+;base64,/.exec(url);
  if (match === null) throw new Refusal(400, 'Unhandled image format');
  return base64Bytes(url.slice(match[0].length));
}

function base64Bytes(text: string): Buffer {
  // Buffer ignores invalid characters, so text that is not base64 would still decode to some bytes.
  if (!/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(text)) throw new Refusal(400, 'Unhandled image format');
  return Buffer.from(text, 'base64');
}

/**
 * Stores an image as an asset that is ready immediately.
 *
 * @throws Refusal 400 if the bytes are not an image
 */
export async function createImageAsset(
  { bytes, name }: { readonly bytes: Uint8Array; readonly name: string },
  world: World,
): Promise<AssetRecord> {
  const facts = await imageFactsOf(bytes);
  if (facts === undefined) throw new Refusal(400, 'Unhandled image format');
  const now = world.now();
  const { width, height, ...type } = facts;
  const asset: AssetRecord = {
    ...type,
    id: world.newId('asset'),
    kind: 'image',
    source: 'uploaded',
    name,
    createdAt: now,
    existsFrom: now,
    readyFrom: now,
    uploaded: { size: bytes.byteLength, width, height },
  };
  await world.store.saveFile(asset.id, bytes);
  await world.assets.put(asset);
  return asset;
}

/** `GET /assets/{assetId}` */
export async function getAsset(call: Call, world: World): Promise<Reply> {
  const id = call.params['assetId'] ?? '';
  return json(200, { asset: copyView(id, world) ?? (await assetView(findAsset(id, world), world)) });
}

/** Returns the processed copy of an input image. It names the original, and its bytes are never needed. */
function copyView(id: string, world: World) {
  const { echo } = world.settings.options();
  const original = originalIdOf(id);
  if (original === undefined || echo === 'sent' || echo === 'unknown-copy') return undefined;
  const root = echo === 'copy' ? original : 'asset_ofAnotherImage0000000000';
  const { createdAt } = findAsset(original, world);
  return {
    id,
    url: `${world.origin()}/cdn/assets/${id}.png`,
    kind: 'image',
    mimeType: 'image/png',
    source: 'processed',
    status: 'success',
    metadata: { kind: 'image', type: 'processed', parentId: root, rootParentId: root },
    properties: {},
    ownerId: OWNER_ID,
    createdAt: world.date(createdAt),
    updatedAt: world.date(createdAt),
  };
}

/** `POST /assets/get-bulk` */
export async function bulkAssets(call: Call, world: World): Promise<Reply> {
  const ids = assetIdsIn(await objectIn(call, world.settings.options().bodyLimitBytes), 200);
  const found = ids.map((id) => findAsset(id, world));
  return json(200, { assets: await Promise.all(found.map((asset) => assetView(asset, world))) });
}

/** `DELETE /assets`. The bytes stay, because a job that has started still needs them. */
export async function deleteAssets(call: Call, world: World): Promise<Reply> {
  const ids = assetIdsIn(await objectIn(call, world.settings.options().bodyLimitBytes), 100);
  const found = ids.map((id) => findAsset(id, world));
  await Promise.all(found.map((asset) => world.assets.remove(asset.id)));
  return json(200, {});
}

/**
 * `POST /assets/{assetId}/download`. The stand-in doesn't convert files, so it accepts only the format that the asset
 * already has.
 */
export async function downloadAsset(call: Call, world: World): Promise<Reply> {
  const asset = findAsset(call.params['assetId'] ?? '', world);
  const body = await objectIn(call, world.settings.options().bodyLimitBytes);
  refuseUnknown(body, ['targetFormat']);
  const target = body['targetFormat'];
  if (target !== undefined && target !== asset.extension) throw new Refusal(400, 'Invalid target format');
  return json(200, { url: signedUrl(asset, world) });
}

/**
 * Returns an asset that exists at this time.
 *
 * @throws Refusal 404, also for an asset of another project
 */
export function findAsset(id: string, world: World): AssetRecord {
  const asset = world.assets.get(id);
  if (asset === undefined || asset.existsFrom > world.now()) {
    throw new Refusal(404, `Asset ${id} not found`);
  }
  return asset;
}

/** Returns the result of the job that made the asset. */
export async function resultFor(asset: Pick<AssetRecord, 'made'>, world: World): Promise<ResultRecord | undefined> {
  const job = asset.made && world.jobs.get(asset.made.jobId);
  if (job?.recipe === undefined || job.inputs === undefined) return undefined;
  return resultOf(job.recipe, job.inputs, world);
}

/** Returns how many bytes the CDN sends for an asset. */
export async function sizeOf(asset: AssetRecord, world: World): Promise<number> {
  if (asset.made === undefined) return asset.uploaded?.size ?? 0;
  const result = await resultFor(asset, world);
  const size = result?.sizes[asset.made.file] ?? 0;
  return size + (asset.made.file === 'model' ? padBytesOf(asset, world) : 0);
}

/** Returns how many padding bytes follow the stored bytes. */
export function padBytesOf(asset: AssetRecord, world: World): number {
  const job = asset.made?.file === 'model' ? world.jobs.get(asset.made.jobId) : undefined;
  return job?.recipe?.padBytes ?? 0;
}

function signedUrl(asset: AssetRecord, world: World): string {
  const expiresAt = world.now() + world.settings.options().signedUrlSeconds * 1000;
  return world.signer.signed(`${world.origin()}/cdn/assets/${asset.id}.${asset.extension}`, expiresAt);
}

/** Returns an asset in the format of the API. */
async function assetView(asset: AssetRecord, world: World) {
  const { results } = world.settings.options();
  const isReady = asset.readyFrom <= world.now();
  const size = isReady ? await sizeOf(asset, world) : 0;
  const url = signedUrl(asset, world);
  return {
    id: asset.id,
    url,
    kind: asset.kind,
    mimeType: asset.mimeType,
    source: asset.source,
    status: isReady ? (asset.isBroken === true ? 'error' : 'success') : 'pending',
    metadata: { kind: asset.kind, name: asset.name, size, ...metadataOf(asset, world) },
    properties: { size: size + (asset.made ? results.sizeOff : 0), ...(isReady && (await propertiesOf(asset, world))) },
    ...(asset.extension === 'fbx' && { originalFileUrl: url }),
    ...(results.brokenOriginal && { originalFileUrl: `${world.origin()}/cdn/assets/gone.glb` }),
    ...picturesOf(asset, world),
    ...(asset.made && { outputIndex: asset.made.outputIndex }),
    privacy: 'private',
    tags: [],
    collectionIds: [],
    nsfw: [],
    editCapabilities: asset.kind === 'image' ? ['REMOVE_BACKGROUND', 'UPSCALE'] : [],
    ownerId: OWNER_ID,
    authorId: AUTHOR_ID,
    createdAt: world.date(asset.createdAt),
    updatedAt: world.date(asset.createdAt),
  };
}

function metadataOf(asset: AssetRecord, world: World) {
  if (asset.made === undefined) return { type: asset.source, ...dimensionsOf(asset) };
  const job = world.jobs.get(asset.made.jobId);
  return {
    type: asset.kind === '3d' ? 'img23d' : '3d-texture',
    modelId: job?.modelId,
    parentJobId: asset.made.jobId,
    parentId: job?.inputs?.image,
    rootParentId: job?.inputs?.image,
    outputIndex: asset.made.outputIndex,
  };
}

async function propertiesOf(asset: AssetRecord, world: World) {
  if (asset.made?.file !== 'model') return dimensionsOf(asset);
  const result = await resultFor(asset, world);
  return {
    format: result?.format,
    faceCount: result?.faceCount,
    vertexCount: result?.vertexCount,
    dimensions: result?.dimensions,
    hasUVs: result?.hasUvs,
    hasNormals: true,
    hasSkeleton: false,
    boneCount: 0,
    hasAnimations: false,
  };
}

function dimensionsOf({ uploaded }: AssetRecord) {
  return { ...(uploaded && { width: uploaded.width, height: uploaded.height }) };
}

function picturesOf(asset: AssetRecord, world: World) {
  if (asset.made?.file !== 'model') return {};
  const preview = world.assets.get(asset.made.previewId);
  return {
    thumbnail: { assetId: asset.made.thumbnailId, url: `${world.origin()}/cdn/thumbnails/${asset.id}` },
    ...(preview && { preview: { assetId: preview.id, url: signedUrl(preview, world) } }),
  };
}
