import type { Answer } from '../http/answer.ts';
import {
  createBucket,
  deleteBucket,
  getBucketLocation,
  getBucketVersioning,
  headBucket,
  listBuckets,
} from './bucket-operations.ts';
import { copyObject, uploadPartCopy } from './copy-operations.ts';
import { deleteObjects } from './delete-objects.ts';
import { listObjectVersions, listObjectsV1, listObjectsV2 } from './list-operations.ts';
import {
  abortMultipartUpload,
  completeMultipartUpload,
  createMultipartUpload,
  listParts,
  uploadPart,
} from './multipart-operations.ts';
import { deleteObject, getObject, getObjectAttributes, putObject } from './object-operations.ts';
import { postObject } from './post-object.ts';
import type { S3Request } from '../http/request.ts';
import { S3Error } from '../s3-error.ts';
import type { ObjectStore } from '../store.ts';
import { getObjectTagging, putObjectTagging } from './tagging-operations.ts';

type Operation = (request: S3Request, store: ObjectStore) => Answer | Promise<Answer>;

/** Keyed by method, target, and the query parameter that selects the operation. */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  'GET Service': listBuckets,
  'PUT Bucket': createBucket,
  'HEAD Bucket': headBucket,
  'GET Bucket': listObjectsV1,
  'GET Bucket list-type': listObjectsV2,
  'GET Bucket versions': listObjectVersions,
  'GET Bucket location': getBucketLocation,
  'GET Bucket versioning': getBucketVersioning,
  'DELETE Bucket': deleteBucket,
  'POST Bucket': postObject,
  'POST Bucket delete': deleteObjects,
  'GET Object': getObject,
  'HEAD Object': getObject,
  'PUT Object': (request, store) => (isCopy(request) ? copyObject : putObject)(request, store),
  'DELETE Object': deleteObject,
  'GET Object attributes': getObjectAttributes,
  'GET Object tagging': getObjectTagging,
  'PUT Object tagging': putObjectTagging,
  'POST Object uploads': createMultipartUpload,
  'PUT Object uploadId': (request, store) => (isCopy(request) ? uploadPartCopy : uploadPart)(request, store),
  'POST Object uploadId': completeMultipartUpload,
  'DELETE Object uploadId': abortMultipartUpload,
  'GET Object uploadId': listParts,
};

/** Query parameters that select an operation. Any other (`x-id`, `prefix`, …) selects none. */
const SIDES = new Set(
  `list-type versions location versioning delete tagging uploads uploadId partNumber attributes acl accelerate analytics attributes
  cors encryption intelligent-tiering inventory legal-hold lifecycle logging metadataTable metrics notification
  object-lock ownershipControls policy policyStatus publicAccessBlock renameObject replication requestPayment restore
  retention select session torrent website`.split(/\s+/),
);

/** @throws S3Error NotImplemented, with the operation's name */
export function operationOf(request: S3Request): Operation {
  const { method, query } = request;
  const about = request.key ? 'Object' : request.bucket ? 'Bucket' : 'Service';
  const sides = [...query.keys()].filter((name) => SIDES.has(name));
  const side = sides.includes('uploadId') ? 'uploadId' : sides[0];
  const operation = OPERATIONS[[method, about, side].filter(Boolean).join(' ')];
  if (operation) return operation;
  const name = query.get('x-id') ?? `${capitalised(method.toLowerCase())}${about}${capitalised(side ?? '')}`;
  throw new S3Error('NotImplemented', `${name} is not implemented by the local S3 endpoint`);
}

function isCopy({ headers }: S3Request): boolean {
  return headers['x-amz-copy-source'] !== undefined;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
