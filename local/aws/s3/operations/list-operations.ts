import { type Answer, xmlAnswer } from '../http/answer.ts';
import { OWNER } from './bucket-operations.ts';
import type { ListedVersion, ObjectPage } from '../storage/listing.ts';
import type { S3Request } from '../http/request.ts';
import { S3Error } from '../s3-error.ts';
import type { ObjectStore } from '../store.ts';
import type { ObjectVersion, StoredVersion } from '../stored-version.ts';
import type { XmlContent } from '../http/xml.ts';

type Elements = { readonly [name: string]: XmlContent };

const MAX_KEYS = 1000;

export function listObjectsV2(request: S3Request, store: ObjectStore): Answer {
  const { bucket, query } = request;
  const token = query.get('continuation-token');
  const after = token === null ? query.get('start-after') : Buffer.from(token, 'base64url').toString();
  const page = store.list(bucket, { ...walkIn(request), after: after ?? undefined });
  const text = encoderFor(query);
  return xmlAnswer('ListBucketResult', {
    ...echo(request),
    ...contents(page, text, query.get('fetch-owner') === 'true'),
    StartAfter: text(query.get('start-after')),
    KeyCount: page.objects.length + page.commonPrefixes.length,
    ContinuationToken: token ?? undefined,
    NextContinuationToken: page.next === undefined ? undefined : Buffer.from(page.next).toString('base64url'),
  });
}

export function listObjectsV1(request: S3Request, store: ObjectStore): Answer {
  const { bucket, query } = request;
  const page = store.list(bucket, { ...walkIn(request), after: query.get('marker') ?? undefined });
  const text = encoderFor(query);
  return xmlAnswer('ListBucketResult', {
    ...echo(request),
    ...contents(page, text, true),
    Marker: text(query.get('marker') ?? ''),
    NextMarker: text(page.next ?? null),
  });
}

export function listObjectVersions(request: S3Request, store: ObjectStore): Answer {
  const { bucket, query } = request;
  const text = encoderFor(query);
  const after = query.get('key-marker') || undefined;
  const afterVersionId = query.get('version-id-marker') || undefined;
  if (afterVersionId && !after)
    throw new S3Error('InvalidArgument', 'A version-id marker cannot be specified without a key marker.');
  const page = store.listVersions(bucket, { ...walkIn(request), after, afterVersionId });
  return xmlAnswer('ListVersionsResult', {
    ...echo(request),
    KeyMarker: text(after ?? ''),
    VersionIdMarker: afterVersionId ?? '',
    IsTruncated: page.next !== undefined,
    NextKeyMarker: text(page.next?.after ?? null),
    NextVersionIdMarker: page.next?.afterVersionId,
    ...versionElements(page.versions, text),
    CommonPrefixes: page.commonPrefixes.map((prefix) => ({ Prefix: text(prefix) })),
  });
}

function walkIn({ query }: S3Request) {
  return {
    prefix: query.get('prefix') ?? undefined,
    delimiter: query.get('delimiter') ?? undefined,
    limit: maxKeysIn(query),
  };
}

function maxKeysIn(query: URLSearchParams): number {
  const asked = query.get('max-keys') ?? String(MAX_KEYS);
  if (!/^\d+$/.test(asked)) throw new S3Error('InvalidArgument', `max-keys is not a number: ${asked}`);
  return Math.min(Number(asked), MAX_KEYS);
}

/** Encodes keys for `encoding-type=url`, because XML can't contain some of the characters that a key can have. */
function encoderFor(query: URLSearchParams): (text: string | null) => string | undefined {
  const isUrl = query.get('encoding-type') === 'url';
  return (text) => (text === null ? undefined : isUrl ? encodeURIComponent(text).replaceAll('%2F', '/') : text);
}

function echo({ bucket, query }: S3Request): Elements {
  const text = encoderFor(query);
  return {
    Name: bucket,
    Prefix: text(query.get('prefix') ?? ''),
    Delimiter: text(query.get('delimiter')),
    MaxKeys: maxKeysIn(query),
    EncodingType: query.get('encoding-type') ?? undefined,
  };
}

function contents(page: ObjectPage, text: ReturnType<typeof encoderFor>, withOwner: boolean): Elements {
  return {
    IsTruncated: page.next !== undefined,
    Contents: page.objects.map((object) => ({
      Key: text(object.key),
      ...bytesElements(object),
      ...(withOwner && { Owner: OWNER }),
    })),
    CommonPrefixes: page.commonPrefixes.map((prefix) => ({ Prefix: text(prefix) })),
  };
}

function versionElements(listed: readonly ListedVersion[], text: ReturnType<typeof encoderFor>): Elements {
  const elementsOf = ({ version, isLatest }: ListedVersion): Elements => ({
    Key: text(version.key),
    VersionId: version.versionId ?? 'null',
    IsLatest: isLatest,
    ...(version.kind === 'object' ? bytesElements(version) : { LastModified: wholeSeconds(version) }),
    Owner: OWNER,
  });
  return {
    Version: listed.filter(({ version }) => version.kind === 'object').map(elementsOf),
    DeleteMarker: listed.filter(({ version }) => version.kind === 'delete-marker').map(elementsOf),
  };
}

function bytesElements(object: ObjectVersion): Elements {
  return {
    LastModified: wholeSeconds(object),
    ETag: `"${object.etag}"`,
    ChecksumAlgorithm: object.checksum?.algorithm.toUpperCase(),
    ChecksumType: object.checksum?.type,
    Size: object.size,
    StorageClass: 'STANDARD',
  };
}

/** Truncates to whole seconds, as in the Last-Modified header, because clients compare the two. */
function wholeSeconds({ lastModified }: StoredVersion): string {
  return lastModified.toISOString().replace(/\.\d+Z$/, '.000Z');
}
