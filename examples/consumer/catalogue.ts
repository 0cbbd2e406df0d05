import { createHash } from 'node:crypto';
import { GetObjectCommand, PutObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { type Asset, isModelStored, type Manifest, type ModelStored, parse, parseManifest } from 'meshdrop/events';

/** The event, or an object that it refers to, is not valid. The message says why. */
class UntrustedEventError extends Error {
  override readonly name = 'UntrustedEventError';
}

export interface CatalogueTools {
  readonly s3: S3Client;
  /** The only bucket in which Meshdrop stores its models. */
  readonly assetBucket: string;
  readonly catalogueBucket: string;
}

/** The data for the pages of the shop: one object per event. */
interface Entry {
  readonly eventId: string;
  readonly runId: string;
  readonly image: string;
  readonly model: Asset;
}

/**
 * Adds a stored model to the catalogue once. The same event can arrive again at any time, even simultaneously.
 *
 * Anyone who can put events on the bus can use the source `meshdrop`. So the function uses the event only to find the
 * manifest, and trusts the manifest, which only Meshdrop can write.
 *
 * @param event as EventBridge delivers it
 * @throws UntrustedEventError | NotMeshdropEventError after which Lambda retries and then uses the dead-letter queue
 */
export async function addToCatalogue(event: unknown, tools: CatalogueTools): Promise<'added' | 'repeated'> {
  const stored = parse(event);
  if (!isModelStored(stored))
    throw new UntrustedEventError(`"${stored['detail-type']}" is not an event for this function`);
  checkId(stored);
  const { eventId, runId } = stored.detail.metadata;
  const { upload, assets } = await manifestOf(stored, tools);
  const model = assets.find(({ role }) => role === 'model');
  if (!model) throw new UntrustedEventError(`the manifest of ${runId} has the status stored but lists none`);
  await checkBytes(model, tools);
  return await write({ eventId, runId, image: upload.key, model }, tools);
}

/** Checks that the event ID belongs to the run, so that a run can't be counted twice under another ID. */
function checkId({ 'detail-type': detailType, detail: { metadata } }: ModelStored): void {
  const { eventId, runId } = metadata;
  if (eventId !== createHash('sha256').update(`${runId}\n${detailType}`).digest('hex'))
    throw new UntrustedEventError(`${eventId} is not the ID of "${detailType}" of the run ${runId}`);
}

/** Reads the manifest of the run in the asset bucket. The manifest also has files that don't fit in the event. */
async function manifestOf({ detail }: ModelStored, { s3, assetBucket }: CatalogueTools): Promise<Manifest> {
  const { runId } = detail.metadata;
  const { bucket, key } = detail.data.manifest;
  if (bucket !== assetBucket)
    throw new UntrustedEventError(`the event points to the bucket ${bucket}, but the models are in ${assetBucket}`);
  if (!key.startsWith('models/') || !key.endsWith(`/${runId}/manifest.json`))
    throw new UntrustedEventError(`${key} is not the key of the manifest of the run ${runId}`);
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  const manifest = parseManifest(JSON.parse((await Body?.transformToString()) ?? ''));
  if (manifest.runId !== runId || manifest.status !== 'stored')
    throw new UntrustedEventError(`${key} is not the manifest of the run ${runId} with a stored model`);
  return manifest;
}

/** Reads the exact version in chunks, so its size doesn't matter. */
async function checkBytes({ bucket, key, versionId, sha256 }: Asset, { s3 }: CatalogueTools): Promise<void> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }));
  const hash = createHash('sha256');
  for await (const piece of Body?.transformToWebStream() ?? []) hash.update(piece as Uint8Array);
  const found = hash.digest('hex');
  if (found !== sha256) throw new UntrustedEventError(`${key} has the SHA-256 ${found}, not ${sha256}`);
}

/**
 * A single conditional write is both the effect and the record of it, so neither can happen without the other. Anything
 * else that a consumer does must happen before the write and be safe to repeat.
 */
async function write(entry: Entry, { s3, catalogueBucket }: CatalogueTools): Promise<'added' | 'repeated'> {
  const command = new PutObjectCommand({
    Bucket: catalogueBucket,
    Key: `catalogue/${entry.eventId}.json`,
    Body: JSON.stringify(entry, null, 2),
    ContentType: 'application/json',
    IfNoneMatch: '*',
  });
  try {
    await s3.send(command);
    return 'added';
  } catch (error) {
    if (error instanceof S3ServiceException && error.name === 'PreconditionFailed') return 'repeated';
    throw error;
  }
}
