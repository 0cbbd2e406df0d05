import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { Asset, StoredAsset } from '../contract/asset.ts';
import {
  AssetNotReadyError,
  DownloadBrokenError,
  ScenarioInputError,
  ScenarioNotFoundError,
} from '../platform/errors.ts';
import type { GlbErrors } from '../contract/glb-errors.ts';
import type { Scenario } from '../scenario/client.ts';
import type { ScenarioAsset } from '../scenario/schemas.ts';
import { type DownloadTools, download } from './download.ts';
import { type FileKind, fileKindOf, isText } from './file-kind.ts';
import type { Validate } from './validate-glb.ts';
import { attachmentNamed } from './object-headers.ts';
import { Passage } from './verify-file.ts';

export interface FileTools extends DownloadTools {
  readonly scenario: Pick<Scenario, 'asset'>;
  readonly s3: S3Client;
  readonly assetBucket: string;
  /** A larger file is not taken. */
  readonly maxAssetBytes: number;
  readonly glbErrors: GlbErrors;
  readonly validate: Validate;
}

/** Where a file goes, once its bytes have told what it is. */
export interface Place {
  readonly role: Asset['role'];
  readonly key: string;
}

/** One file of a run. */
export interface Wanted {
  readonly runId: string;
  readonly assetId: string;
  readonly place: (kind: FileKind, source: string) => Place;
  /** How long it may take. */
  readonly totalMs: number;
}

/** S3's least, two on their way at once: some 20 MB in flight whatever the file's size, and 50 GB at most. */
const PART_BYTES = 5 * 1024 * 1024;
const PARTS_AT_ONCE = 2;

/** A file that is stored, and what else Scenario says about it. */
export interface StoredFile {
  readonly asset: StoredAsset;
  readonly previewId: string | undefined;
}

/**
 * Copies one file of the result into the asset bucket, hashing it on its way. Bytes that do not add up never become an object.
 *
 * @throws AssetNotReadyError | DownloadBrokenError, both worth a retry; FileTooLargeError, which is not
 */
export async function storeFile(wanted: Wanted, tools: FileTools): Promise<StoredFile> {
  const asset = await yetToBeKnown(tools.scenario.asset(wanted.assetId));
  if (asset.status === 'pending') throw new AssetNotReadyError(`${wanted.assetId} is still being made`);
  if (asset.status === 'broken')
    throw new DownloadBrokenError(`Scenario says that ${wanted.assetId} is broken`);
  const file = await download(asset.url, wanted.totalMs, tools);
  try {
    const kind = kindOf(file.head, asset);
    const { length, head } = file;
    const lengths = [length, asset.bytes];
    const passage = new Passage({ ...wanted, kind, head, lengths, maxBytes: tools.maxAssetBytes });
    const place = wanted.place(kind, asset.source ?? '');
    const stored = await put(Readable.from(passage.through(file.bytes)), kind, place, wanted, tools);
    const described = { ...stored, bytes: passage.bytes, sha256: passage.sha256() };
    return { asset: await withDetails(described, passage, tools), previewId: asset.preview?.assetId };
  } finally {
    file.close();
  }
}

/** @throws DownloadBrokenError when it is an error page, or words in place of a model */
function kindOf(head: Uint8Array, { assetId, is3d }: ScenarioAsset): FileKind {
  const kind = fileKindOf(head);
  if (!kind) throw new DownloadBrokenError(`${assetId} is no file but an error page or nothing`);
  if (kind.extension === 'bin' && is3d && isText(head))
    throw new DownloadBrokenError(`${assetId} is no 3D file but some text`);
  return kind;
}

/** What a finished job names exists, whether or not every side of Scenario knows it already. */
export async function yetToBeKnown<T>(answer: Promise<T>): Promise<T> {
  return await answer.catch((cause: unknown) => {
    if (cause instanceof ScenarioNotFoundError) throw new AssetNotReadyError(cause.message, { cause });
    throw cause instanceof ScenarioInputError ? new DownloadBrokenError(cause.message, { cause }) : cause;
  });
}

async function put(
  body: Readable,
  { contentType }: FileKind,
  { role, key }: Place,
  { runId, assetId }: Wanted,
  { s3, assetBucket: bucket }: FileTools,
) {
  const upload = new Upload({
    client: s3,
    params: {
      Bucket: bucket,
      Key: key,
      ContentType: contentType,
      ContentDisposition: attachmentNamed(key.slice(key.lastIndexOf('/') + 1)),
      Metadata: { runid: runId, assetid: assetId },
      // Of the whole object, whatever its parts: what a reader computes himself.
      ChecksumAlgorithm: 'CRC32',
      ChecksumType: 'FULL_OBJECT',
      Body: body,
    },
    partSize: PART_BYTES,
    queueSize: PARTS_AT_ONCE,
  });
  const { VersionId: versionId, ChecksumCRC32: crc32 } = await upload.done();
  const checksum = crc32 === undefined ? undefined : { algorithm: 'CRC32' as const, value: crc32 };
  return { role, bucket, key, versionId, contentType, assetId, checksum };
}

/** A model that the validator finds wrong is kept all the same: where that is told to fail, it only counts as no model. */
async function withDetails(asset: StoredAsset, passage: Passage, tools: FileTools): Promise<StoredAsset> {
  const glb = passage.wholeGlb();
  const { facts, validation } = glb ? await tools.validate(glb) : {};
  const isWrong = tools.glbErrors === 'fail' && validation !== undefined && validation.errors > 0;
  return { ...asset, role: isWrong ? 'other' : asset.role, facts, validation };
}
