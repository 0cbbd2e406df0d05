import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { Asset } from '../shared/asset.ts';
import { AssetNotReadyError, DownloadBrokenError, ScenarioNotFoundError } from '../shared/errors.ts';
import type { Scenario } from '../shared/scenario.ts';
import type { ScenarioAsset } from '../shared/scenario-answers.ts';
import { type Download, type DownloadTools, download } from './download.ts';
import { type FileKind, fileKindOf } from './file-kind.ts';
import { GlbLength } from './glb-length.ts';

export interface FileTools extends DownloadTools {
  readonly scenario: Pick<Scenario, 'asset'>;
  readonly s3: S3Client;
  readonly assetBucket: string;
}

/** Where a file goes, once its bytes have told what it is. */
export interface Place {
  readonly role: Asset['role'];
  readonly key: string;
}

/** S3's least, two on their way at once: some 20 MB in flight whatever the file's size, and 50 GB at most. */
const PART_BYTES = 5 * 1024 * 1024;
const PARTS_AT_ONCE = 2;

/** A file that is stored, and what else Scenario says about it. */
export interface StoredFile {
  readonly asset: Asset;
  readonly previewId: string | undefined;
}

/**
 * Copies one file of the result into the asset bucket, hashing it on its way. Bytes that do not add up never become an object.
 *
 * @throws AssetNotReadyError | DownloadBrokenError, both worth a retry
 */
export async function storeFile(
  assetId: string,
  place: (kind: FileKind, source: string) => Place,
  tools: FileTools,
): Promise<StoredFile> {
  const asset = await yetToBeKnown(tools.scenario.asset(assetId));
  if (asset.status === 'pending') throw new AssetNotReadyError(`${assetId} is still being made`);
  if (asset.status === 'broken') throw new DownloadBrokenError(`Scenario says that ${assetId} is broken`);
  const file = await download(asset.url, tools);
  const kind = fileKindOf(file.head);
  if (!kind) throw new DownloadBrokenError(`${assetId} is no file but an error page or nothing`);
  const { role, key } = place(kind, asset.source ?? '');

  const sums = { hash: createHash('sha256'), bytes: 0 };
  const upload = new Upload({
    client: tools.s3,
    params: {
      Bucket: tools.assetBucket,
      Key: key,
      ContentType: kind.contentType,
      Body: Readable.from(verified(file, asset, kind, sums)),
    },
    partSize: PART_BYTES,
    queueSize: PARTS_AT_ONCE,
  });
  const { VersionId: versionId } = await upload.done();
  const stored = { role, bucket: tools.assetBucket, key, contentType: kind.contentType, assetId };
  const asStored = {
    ...stored,
    bytes: sums.bytes,
    sha256: sums.hash.digest('hex'),
    ...(versionId !== undefined && { versionId }),
  };
  return { asset: asStored, previewId: asset.preview?.assetId };
}

/** What a finished job names exists, whether or not every side of Scenario knows it already. */
export async function yetToBeKnown<T>(answer: Promise<T>): Promise<T> {
  return await answer.catch((cause: unknown) => {
    throw cause instanceof ScenarioNotFoundError ? new AssetNotReadyError(cause.message, { cause }) : cause;
  });
}

/** Passes the bytes on, and fails at the end, before the object is complete, when they are not what they should be. */
async function* verified(
  file: Download,
  { assetId, bytes: said }: ScenarioAsset,
  { extension }: FileKind,
  sums: { readonly hash: ReturnType<typeof createHash>; bytes: number },
): AsyncGenerator<Uint8Array> {
  const glb = extension === 'glb' ? new GlbLength() : undefined;
  for await (const piece of file.bytes) {
    sums.hash.update(piece);
    sums.bytes += piece.length;
    glb?.update(piece);
    yield piece;
  }
  const expected = [file.length, said].find((length) => length !== undefined && length !== sums.bytes);
  if (expected !== undefined)
    throw new DownloadBrokenError(`${assetId} has ${sums.bytes} bytes and should have ${expected}`);
  const problem = glb?.problem();
  if (problem) throw new DownloadBrokenError(`${assetId}: ${problem}`);
}
