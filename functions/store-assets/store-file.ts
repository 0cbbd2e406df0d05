import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { Asset, StoredAsset } from '../contract/asset.ts';
import type { GlbErrors } from '../contract/options.ts';
import type { Scenario } from '../scenario/client.ts';
import { ScenarioInputError, ScenarioNotFoundError } from '../scenario/errors.ts';
import type { ScenarioAsset } from '../scenario/schemas.ts';
import { download, type Network } from './download.ts';
import { AssetNotReadyError, DownloadBrokenError } from './errors.ts';
import { detectFileKind, type FileKind } from './file-kind.ts';
import { contentDisposition } from './object-headers.ts';
import type { Report, Validate } from './validate-glb.ts';
import { FileVerifier, isUnusable } from './verify-file.ts';

/** Where files come from, where they go, and what is accepted. */
export interface FileStore {
  readonly scenario: Pick<Scenario, 'asset' | 'assets'>;
  readonly network: Network;
  readonly s3: S3Client;
  readonly assetBucket: string;
  /** A larger file is refused. */
  readonly maxAssetBytes: number;
  readonly glbErrors: GlbErrors;
  readonly validate: Validate;
}

/** Asks Scenario for a file, with a URL that is still valid. */
export type LookUp = (assetId: string) => Promise<ScenarioAsset>;

/** Where a file goes. Its bytes decide. */
export interface Place {
  readonly role: Asset['role'];
  readonly key: string;
}

/** One file of a run. */
export interface WantedFile {
  readonly runId: string;
  readonly assetId: string;
  readonly place: (kind: FileKind, asset: ScenarioAsset) => Place;
  /** Hashes of odd bytes that came for this file. */
  readonly suspects: Set<string>;
}

/** One attempt to copy a file: the number of earlier ones, and the time limit. */
export interface Attempt {
  readonly tries: number;
  readonly totalMs: number;
}

/** S3's minimum, two at a time: about 20 MB in flight for any file size. The largest possible file has 50 GB. */
const PART_BYTES = 5 * 1024 * 1024;
const PARTS_AT_ONCE = 2;
/** A piece has at most 64 KB. So the validator begins while the last parts are still on their way. */
const PIECES_AHEAD = 256;

/**
 * Copies one file of the result into the asset bucket and hashes it on the way. Bytes that fail verification never become
 * an object.
 *
 * @returns the stored asset, and the id of its preview, if it has one
 * @throws AssetNotReadyError | DownloadBrokenError, both worth a retry; FileTooLargeError, which is not
 */
export async function storeFile(
  wanted: WantedFile,
  { tries, totalMs }: Attempt,
  store: FileStore & { readonly lookUp: LookUp },
) {
  const asset = await retryIfUnknown(store.lookUp(wanted.assetId));
  if (asset.status === 'pending') throw new AssetNotReadyError(`${wanted.assetId} is still being made`);
  if (asset.status === 'error') throw new DownloadBrokenError(`Scenario says that ${wanted.assetId} is broken`);
  // Some files have two addresses. If one fails, the other one is tried.
  const url = asset.urls[tries % asset.urls.length] ?? '';
  const file = await download(url, totalMs, store.network);
  try {
    const kind = detectFileKind(file.head, file.length);
    const expected = { ...wanted, kind, head: file.head, length: file.length, statedBytes: asset.bytes };
    let report: Promise<Report> | undefined;
    const onWholeGlb = (glb: Uint8Array<ArrayBuffer>) => {
      report = store.validate(glb);
    };
    const verifier = new FileVerifier({ ...expected, maxBytes: store.maxAssetBytes, onWholeGlb });
    const place = wanted.place(kind, asset);
    const body = Readable.from(verifier.pass(file.bytes), { highWaterMark: PIECES_AHEAD });
    const stored = await putFile(body, kind, place, wanted, store);
    const { bytes, sha256, problems } = verifier;
    const described = { ...stored, bytes, sha256, ...(problems.length > 0 && { problems: [...problems] }) };
    const judged: StoredAsset = isUnusable(described) ? { ...described, role: 'other' } : described;
    return { asset: addReport(judged, await report, store.glbErrors), previewId: asset.preview?.assetId };
  } finally {
    file.close();
  }
}

/** Everything that a finished job names exists, even if not every part of Scenario knows it yet. */
export async function retryIfUnknown<T>(call: Promise<T>): Promise<T> {
  return await call.catch((cause: unknown) => {
    if (cause instanceof ScenarioNotFoundError) throw new AssetNotReadyError(cause.message, { cause });
    throw cause instanceof ScenarioInputError ? new DownloadBrokenError(cause.message, { cause }) : cause;
  });
}

async function putFile(
  body: Readable,
  { contentType }: FileKind,
  { role, key }: Place,
  { runId, assetId }: WantedFile,
  { s3, assetBucket: bucket }: FileStore,
) {
  const upload = new Upload({
    client: s3,
    params: {
      Bucket: bucket,
      Key: key,
      ContentType: contentType,
      ContentDisposition: contentDisposition(key.slice(key.lastIndexOf('/') + 1)),
      Metadata: { runid: runId, assetid: assetId },
      // Covers the whole object rather than its parts, so a reader can compute the same value.
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

/** Keeps a model with errors. If glbErrors is 'fail', it counts as a model only if it was validated and has none. */
function addReport(asset: StoredAsset, report: Report | undefined, glbErrors: GlbErrors): StoredAsset {
  if (asset.contentType !== 'model/gltf-binary' || isUnusable(asset)) return asset;
  const { facts, validation } = report ?? {};
  if (glbErrors !== 'fail' || (validation?.errors === 0 && !validation.truncated))
    return { ...asset, facts, validation };
  const unchecked = { code: 'not-validated', message: 'the GLB is too large or too odd to be validated' } as const;
  const problems = validation ? asset.problems : [...(asset.problems ?? []), unchecked];
  return { ...asset, role: 'other', problems, facts, validation };
}
