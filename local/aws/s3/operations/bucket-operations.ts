import { type Answer, xmlAnswer } from '../http/answer.ts';
import type { S3Request } from '../http/request.ts';
import type { ObjectStore } from '../store.ts';

/** The only account. It owns everything. */
export const OWNER = { ID: 'local', DisplayName: 'local' };

const REGION = 'us-east-1';

export function listBuckets(_request: S3Request, store: ObjectStore): Answer {
  const buckets = store.buckets().map(({ name, created }) => ({ Name: name, CreationDate: created.toISOString() }));
  return xmlAnswer('ListAllMyBucketsResult', { Owner: OWNER, Buckets: { Bucket: buckets } });
}

export function createBucket({ bucket }: S3Request, store: ObjectStore): Answer {
  store.createBucket(bucket);
  return { headers: { location: `/${bucket}` } };
}

/** @throws S3Error BucketNotEmpty */
export function deleteBucket({ bucket }: S3Request, store: ObjectStore): Answer {
  store.deleteBucket(bucket);
  return { status: 204, headers: {} };
}

export function headBucket({ bucket }: S3Request, store: ObjectStore): Answer {
  store.bucket(bucket);
  return { headers: { 'x-amz-bucket-region': REGION } };
}

/** An empty location means us-east-1. */
export function getBucketLocation({ bucket }: S3Request, store: ObjectStore): Answer {
  store.bucket(bucket);
  return xmlAnswer('LocationConstraint', {});
}

export function getBucketVersioning({ bucket }: S3Request, store: ObjectStore): Answer {
  const { versioned } = store.bucket(bucket);
  return xmlAnswer('VersioningConfiguration', { Status: versioned ? 'Enabled' : undefined });
}
