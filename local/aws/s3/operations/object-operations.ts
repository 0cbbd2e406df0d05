import { type Answer, xmlAnswer } from '../http/answer.ts';
import type { WriteConditions } from '../storage/catalogue.ts';
import { checksumElementsOf, checksumHeadersOf, descriptionIn, headersOf, identityOf } from './object-headers.ts';
import { sizedPayloadOf } from '../http/payload.ts';
import { rangeIn, requireReadConditions } from './read-conditions.ts';
import type { S3Request } from '../http/request.ts';
import { S3Error } from '../s3-error.ts';
import type { ObjectStore, VersionOptions } from '../store.ts';
import type { XmlContent } from '../http/xml.ts';

export async function putObject(request: S3Request, store: ObjectStore): Promise<Answer> {
  const { body, expected } = sizedPayloadOf(request);
  const stored = await store.put(request.bucket, request.key, body, {
    ...descriptionIn(request.headers),
    ...writeConditionsIn(request),
    expected,
  });
  return { headers: { ...identityOf(stored), ...checksumHeadersOf(stored) } };
}

/** Answers GET and HEAD. HEAD has no body. */
export function getObject(request: S3Request, store: ObjectStore): Answer {
  const { bucket, key, query, headers, method } = request;
  const object = store.head(bucket, key, versionIn(request));
  requireReadConditions(object, headers);
  const range = rangeIn(headers.range, object.size);
  const wantsChecksum = headers['x-amz-checksum-mode'] === 'ENABLED' && !range;
  const length = range ? range.last - range.first + 1 : object.size;
  return {
    status: range ? 206 : 200,
    headers: {
      ...headersOf(object, query),
      ...(wantsChecksum && checksumHeadersOf(object)),
      ...(range && { 'content-range': `bytes ${range.first}-${range.last}/${object.size}` }),
      'content-length': String(length),
    },
    ...(method !== 'HEAD' && { body: store.read(object, range) }),
  };
}

/** What `x-amz-object-attributes` asks for, as XML. */
export function getObjectAttributes(request: S3Request, store: ObjectStore): Answer {
  const { bucket, key, headers } = request;
  const object = store.head(bucket, key, versionIn(request));
  const wanted = (headers['x-amz-object-attributes'] ?? '').split(',').map((name) => name.trim());
  if (wanted[0] === '')
    throw new S3Error('InvalidArgument', 'x-amz-object-attributes must name at least one attribute');
  const checksum = object.checksum && { ...checksumElementsOf(object.checksum), ChecksumType: object.checksum.type };
  const known: Readonly<Record<string, XmlContent>> = {
    ETag: object.etag,
    Checksum: checksum,
    ObjectSize: object.size,
    StorageClass: 'STANDARD',
  };
  const attributes = Object.fromEntries(
    Object.entries(known).filter(([name, value]) => wanted.includes(name) && value),
  );
  const { etag: _, ...identity } = identityOf(object);
  return xmlAnswer('GetObjectAttributesResponse', attributes, {
    ...identity,
    'last-modified': object.lastModified.toUTCString(),
  });
}

export async function deleteObject(request: S3Request, store: ObjectStore): Promise<Answer> {
  const { versionId, deleteMarker } = await store.delete(request.bucket, request.key, versionIn(request));
  return {
    status: 204,
    headers: {
      ...(versionId && { 'x-amz-version-id': versionId }),
      ...(deleteMarker && { 'x-amz-delete-marker': 'true' }),
    },
  };
}

export function versionIn({ query }: S3Request): VersionOptions {
  return { versionId: query.get('versionId') ?? undefined };
}

/** @throws S3Error NotImplemented, as in S3, for any condition other than `If-None-Match: *` and `If-Match` */
export function writeConditionsIn({ headers }: S3Request): WriteConditions {
  const noneMatch = headers['if-none-match'];
  if (noneMatch !== undefined && noneMatch !== '*')
    throw new S3Error('NotImplemented', 'If-None-Match on a write accepts only *');
  return { ifNoneMatch: noneMatch, ifMatch: headers['if-match'] };
}
