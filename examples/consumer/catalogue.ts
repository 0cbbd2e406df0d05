import { createHash } from 'node:crypto';
import { GetObjectCommand, PutObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { type Asset, isModelStored, type Manifest, type ModelStored, parse, parseManifest } from 'meshdrop/events';

/** The event, or what it speaks of, is not what it should be. The message says what. */
class UntrustedEventError extends Error {
  override readonly name = 'UntrustedEventError';
}

export interface CatalogueTools {
  readonly s3: S3Client;
  /** The bucket that our Meshdrop stores its models in, and no other. */
  readonly assetBucket: string;
  readonly catalogueBucket: string;
}

/** What the shop's pages are made of: one object per event. */
interface Entry {
  readonly eventId: string;
  readonly runId: string;
  readonly image: string;
  readonly model: Asset;
}

/**
 * Adds a stored model to the catalogue, once: the same event may come again, at any time, and even twice at once.
 *
 * Whoever may put events on the bus may say `meshdrop`. So the event is only taken for a hint where to look: what is
 * believed stands in the manifest, which Meshdrop alone can write.
 *
 * @param event as EventBridge delivers it
 * @throws UntrustedEventError | NotMeshdropEventError which Lambda tries again and then puts among the dead letters
 */
export async function addToCatalogue(event: unknown, tools: CatalogueTools): Promise<'added' | 'repeated'> {
  const stored = parse(event);
  if (!isModelStored(stored))
    throw new UntrustedEventError(`"${stored['detail-type']}" is not what this function listens to`);
  checkId(stored);
  const { eventId, runId } = stored.detail.metadata;
  const { upload, assets } = await manifestOf(stored, tools);
  const model = assets.find(({ role }) => role === 'model');
  if (!model) throw new UntrustedEventError(`the manifest of ${runId} tells of a stored model and names none`);
  await checkBytes(model, tools);
  return await write({ eventId, runId, image: upload.key, model }, tools);
}

/** The id follows from the run, so nobody can have one run counted twice under another id. */
function checkId({ 'detail-type': detailType, detail: { metadata } }: ModelStored): void {
  const { eventId, runId } = metadata;
  if (eventId !== createHash('sha256').update(`${runId}\n${detailType}`).digest('hex'))
    throw new UntrustedEventError(`${eventId} is not the id of "${detailType}" of the run ${runId}`);
}

/** The run's own manifest, in our asset bucket. It also has the files that are too many for an event. */
async function manifestOf({ detail }: ModelStored, { s3, assetBucket }: CatalogueTools): Promise<Manifest> {
  const { runId } = detail.metadata;
  const { bucket, key } = detail.data.manifest;
  if (bucket !== assetBucket)
    throw new UntrustedEventError(`the event points to the bucket ${bucket}; our models are in ${assetBucket}`);
  if (!key.startsWith('models/') || !key.endsWith(`/${runId}/manifest.json`))
    throw new UntrustedEventError(`${key} is not where the manifest of the run ${runId} is`);
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  const manifest = parseManifest(JSON.parse((await Body?.transformToString()) ?? ''));
  if (manifest.runId !== runId || manifest.status !== 'stored')
    throw new UntrustedEventError(`${key} does not tell of a stored model of the run ${runId}`);
  return manifest;
}

/** Reads this very version, a piece at a time, whatever its size. */
async function checkBytes({ bucket, key, versionId, sha256 }: Asset, { s3 }: CatalogueTools): Promise<void> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }));
  const hash = createHash('sha256');
  for await (const piece of Body?.transformToWebStream() ?? []) hash.update(piece as Uint8Array);
  const found = hash.digest('hex');
  if (found !== sha256) throw new UntrustedEventError(`${key} has the SHA-256 ${found}, not ${sha256}`);
}

/**
 * The effect and the memory of it are one conditional write, so neither can happen without the other. What else a consumer
 * does has to come before it and bear being done twice.
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
