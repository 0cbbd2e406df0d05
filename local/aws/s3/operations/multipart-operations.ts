import * as z from 'zod';
import { type Answer, xmlAnswer } from '../http/answer.ts';
import { OWNER } from './bucket-operations.ts';
import { CHECKSUM_ALGORITHMS, type Checksum, checksumAlgorithmOf } from '../storage/checksum.ts';
import type { ListedPart } from '../storage/multipart-parts.ts';
import type { UploadName } from '../storage/multipart-parts.ts';
import { checksumElementsOf, checksumHeadersOf, checksumValueIn, descriptionIn, identityOf } from './object-headers.ts';
import { writeConditionsIn } from './object-operations.ts';
import { sizedPayloadOf, textOf } from '../http/payload.ts';
import type { S3Request } from '../http/request.ts';
import { S3Error } from '../s3-error.ts';
import type { ObjectStore } from '../store.ts';
import { parseXml } from '../http/xml.ts';

const MAX_PARTS = 10_000;

export function createMultipartUpload({ bucket, key, headers }: S3Request, store: ObjectStore): Answer {
  const checksum = wantedChecksum(headers);
  const uploadId = store.multipart.create(bucket, key, {
    ...descriptionIn(headers),
    ...(checksum && { checksum }),
  });
  const echo = checksum && {
    'x-amz-checksum-algorithm': checksum.algorithm.toUpperCase(),
    'x-amz-checksum-type': checksum.type,
  };
  return xmlAnswer('InitiateMultipartUploadResult', { Bucket: bucket, Key: key, UploadId: uploadId }, echo);
}

export async function uploadPart(request: S3Request, store: ObjectStore): Promise<Answer> {
  const { body, expected } = sizedPayloadOf(request);
  const part = await store.multipart.uploadPart(partNameIn(request), partNumberIn(request), body, expected);
  const checksum = part.checksum && { [`x-amz-checksum-${part.checksum.algorithm}`]: part.checksum.value };
  return { headers: { etag: `"${part.etag}"`, ...checksum } };
}

export async function completeMultipartUpload(request: S3Request, store: ObjectStore): Promise<Answer> {
  const parts = listedParts(await textOf(request));
  const stored = await store.multipart.complete(partNameIn(request), parts, {
    ...writeConditionsIn(request),
    checksum: checksumValueIn(request.headers),
  });
  const { etag, ...headers } = identityOf(stored);
  const result = {
    Location: `http://${request.headers.host}${request.url.split('?')[0]}`,
    Bucket: request.bucket,
    Key: stored.key,
    ETag: etag,
    ...checksumElementsOf(stored.checksum),
    ChecksumType: stored.checksum?.type,
  };
  return xmlAnswer('CompleteMultipartUploadResult', result, { ...headers, ...checksumHeadersOf(stored) });
}

export async function abortMultipartUpload(request: S3Request, store: ObjectStore): Promise<Answer> {
  await store.multipart.abort(partNameIn(request));
  return { status: 204 };
}

export function listParts(request: S3Request, store: ObjectStore): Answer {
  const { bucket, key, query } = request;
  const upload = store.multipart.find(partNameIn(request));
  const after = Number(query.get('part-number-marker') ?? 0);
  const limit = Math.min(Number(query.get('max-parts') ?? 1000), 1000);
  const parts = [...upload.parts.values()].filter(({ number }) => number > after).sort((a, b) => a.number - b.number);
  const page = parts.slice(0, limit);
  return xmlAnswer('ListPartsResult', {
    Bucket: bucket,
    Key: key,
    UploadId: query.get('uploadId') ?? '',
    Initiator: OWNER,
    Owner: OWNER,
    StorageClass: 'STANDARD',
    PartNumberMarker: after,
    NextPartNumberMarker: page.at(-1)?.number,
    MaxParts: limit,
    IsTruncated: parts.length > page.length,
    ChecksumAlgorithm: upload.options.checksum?.algorithm.toUpperCase(),
    ChecksumType: upload.options.checksum?.type,
    Part: page.map(({ number, etag, blob, lastModified, checksum }) => ({
      PartNumber: number,
      LastModified: lastModified.toISOString(),
      ETag: `"${etag}"`,
      Size: blob.size,
      ...checksumElementsOf(checksum),
    })),
  });
}

export function partNameIn({ bucket, key, query }: S3Request): UploadName {
  return { bucket, key, uploadId: query.get('uploadId') ?? '' };
}

export function partNumberIn({ query }: S3Request): number {
  const number = Number(query.get('partNumber'));
  if (Number.isInteger(number) && number >= 1 && number <= MAX_PARTS) return number;
  throw new S3Error('InvalidArgument', `Part number must be an integer between 1 and ${MAX_PARTS}, inclusive`);
}

/** CRC64NVME exists only for the whole object, and the SHA checksums only for the parts. */
function wantedChecksum(headers: S3Request['headers']): Pick<Checksum, 'algorithm' | 'type'> | undefined {
  const algorithm = checksumAlgorithmOf(headers['x-amz-checksum-algorithm'] ?? '');
  if (!algorithm) return undefined;
  const type = headers['x-amz-checksum-type'] ?? (algorithm === 'crc64nvme' ? 'FULL_OBJECT' : 'COMPOSITE');
  const isPossible = type === 'FULL_OBJECT' ? algorithm.startsWith('crc') : algorithm !== 'crc64nvme';
  if (isPossible && (type === 'FULL_OBJECT' || type === 'COMPOSITE')) return { algorithm, type };
  throw new S3Error('InvalidRequest', `The ${type} checksum type cannot be used with ${algorithm}`);
}

const completion = z.object({
  CompleteMultipartUpload: z.object({
    Part: z.array(z.looseObject({ PartNumber: z.coerce.number().int(), ETag: z.string() })),
  }),
});

function listedParts(xml: string): ListedPart[] {
  const { success, data } = completion.safeParse(parseXml(xml));
  if (!success) throw new S3Error('MalformedXML', 'The XML you provided is not a list of parts');
  return data.CompleteMultipartUpload.Part.map(({ PartNumber, ETag, ...more }) => {
    const value = CHECKSUM_ALGORITHMS.map((name) => more[`Checksum${name.toUpperCase()}`]).find(Boolean);
    return { number: PartNumber, etag: ETag, checksum: typeof value === 'string' ? value : undefined };
  });
}
