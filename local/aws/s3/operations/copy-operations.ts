import { type Answer, xmlAnswer } from '../http/answer.ts';
import { checksumAlgorithmOf } from '../storage/checksum.ts';
import { checksumElementsOf, descriptionIn, descriptionOf, identityOf } from './object-headers.ts';
import { writeConditionsIn } from './object-operations.ts';
import { partNameIn, partNumberIn } from './multipart-operations.ts';
import { rangeIn, requireReadConditions } from './read-conditions.ts';
import { type S3Request, decoded, splitOnce } from '../http/request.ts';
import { S3Error } from '../s3-error.ts';
import type { ObjectStore } from '../store.ts';
import type { Description, ObjectVersion } from '../stored-version.ts';

export async function copyObject(request: S3Request, store: ObjectStore): Promise<Answer> {
  const source = sourceOf(request, store);
  const algorithm =
    checksumAlgorithmOf(request.headers['x-amz-checksum-algorithm'] ?? '') ?? source.checksum?.algorithm;
  const copy = await store.put(request.bucket, request.key, store.read(source), {
    ...copiedDescription(request, source),
    ...writeConditionsIn(request),
    expected: algorithm ? { checksum: { algorithm } } : {},
    reason: 'CopyObject',
  });
  const { etag, ...headers } = identityOf(copy);
  const result = {
    LastModified: copy.lastModified.toISOString(),
    ETag: etag,
    ...checksumElementsOf(copy.checksum),
    ChecksumType: copy.checksum?.type,
  };
  return xmlAnswer('CopyObjectResult', result, { ...headers, ...sourceVersion(source) });
}

export async function uploadPartCopy(request: S3Request, store: ObjectStore): Promise<Answer> {
  const source = sourceOf(request, store);
  const range = rangeIn(request.headers['x-amz-copy-source-range'], source.size);
  const number = partNumberIn(request);
  const part = await store.multipart.uploadPart(partNameIn(request), number, store.read(source, range));
  const result = {
    LastModified: part.lastModified.toISOString(),
    ETag: `"${part.etag}"`,
    ...checksumElementsOf(part.checksum),
  };
  return xmlAnswer('CopyPartResult', result, sourceVersion(source));
}

/** Reads `/bucket/key?versionId=…`, percent-encoded, with or without the leading slash. */
function sourceOf({ headers }: S3Request, store: ObjectStore): ObjectVersion & { readonly bucket: string } {
  const [path, search] = splitOnce(headers['x-amz-copy-source'] ?? '', '?');
  const [bucket, key] = splitOnce(decoded(path).replace(/^\//, ''), '/');
  const versionId = new URLSearchParams(search).get('versionId') ?? undefined;
  const source = store.head(bucket, key, { versionId });
  requireReadConditions(source, headers, 'x-amz-copy-source-');
  return { ...source, bucket };
}

/** With one of these, an object can be copied onto itself. */
const CHANGES = ['x-amz-storage-class', 'x-amz-server-side-encryption', 'x-amz-website-redirect-location'];

/**
 * Returns the description of the source or, with the directive REPLACE, that of the request. Tags have their own
 * directive.
 */
function copiedDescription(
  { headers, bucket, key }: S3Request,
  source: ObjectVersion & { readonly bucket: string },
): Description {
  const isReplaced = headers['x-amz-metadata-directive'] === 'REPLACE';
  const isItself = source.bucket === bucket && source.key === key && !headers['x-amz-copy-source']?.includes('?');
  const isStoredOtherwise = CHANGES.some((name) => headers[name] !== undefined);
  if (!isReplaced && isItself && !isStoredOtherwise)
    throw new S3Error(
      'InvalidRequest',
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    );
  const { tags: newTags, ...requested } = descriptionIn(headers);
  const tags = headers['x-amz-tagging-directive'] === 'REPLACE' ? newTags : source.tags;
  return { ...(isReplaced ? requested : descriptionOf(source)), ...(tags && { tags }) };
}

function sourceVersion({ versionId }: ObjectVersion): Record<string, string> {
  return versionId ? { 'x-amz-copy-source-version-id': versionId } : {};
}
