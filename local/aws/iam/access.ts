import { account, region } from '../intrinsics.ts';

/** One permission that a call needs: an action on a resource. */
export interface Access {
  readonly action: string;
  readonly resource: string;
}

/** The parts of an S3 request that decide which permission it needs. */
export interface S3Call {
  readonly method: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly isCopy: boolean;
}

/**
 * Returns what S3 asks of the caller's policies. Undefined for a call that the functions never make.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
 */
export function s3Access({ method, bucket, key, query, isCopy }: S3Call): Access | undefined {
  const action = key === '' ? bucketAction(method, query) : objectAction(method, query, isCopy);
  const resource = `arn:aws:s3:::${bucket}${key === '' ? '' : `/${key}`}`;
  return action === undefined ? undefined : { action: `s3:${action}`, resource };
}

function bucketAction(method: string, query: URLSearchParams): string | undefined {
  if (method !== 'GET') return undefined;
  return query.has('versions') ? 'ListBucketVersions' : 'ListBucket';
}

function objectAction(method: string, query: URLSearchParams, isCopy: boolean): string | undefined {
  if (isCopy) return undefined;
  const version = query.has('versionId') ? 'Version' : '';
  switch (method) {
    case 'GET':
    case 'HEAD':
      return `GetObject${version}`;
    case 'PUT':
    case 'POST':
      return 'PutObject';
    case 'DELETE':
      return query.has('uploadId') ? 'AbortMultipartUpload' : `DeleteObject${version}`;
    default:
      return undefined;
  }
}

/** What S3 asks for before it tells that an object does not exist. Without it, the answer is 403. */
export function existenceAccess({ bucket }: S3Call): Access {
  return { action: 's3:ListBucket', resource: `arn:aws:s3:::${bucket}` };
}

type Fields = Readonly<Record<string, unknown>>;

const BY_TARGET: Readonly<
  Record<string, readonly [service: string, resourceOf: (input: Fields) => readonly unknown[]]>
> = {
  AWSStepFunctions: ['states', (input) => [input['stateMachineArn'] ?? input['executionArn']]],
  AmazonSQS: ['sqs', (input) => [`arn:aws:sqs:${region}:${account}:${String(input['QueueUrl']).split('/').at(-1)}`]],
  secretsmanager: ['secretsmanager', (input) => [input['SecretId']]],
  AWSEvents: ['events', busesIn],
};

/** Returns what a call of an AWS JSON protocol needs: `AmazonSQS.SendMessage` needs `sqs:SendMessage`. */
export function jsonAccess(target: string, input: unknown): readonly Access[] {
  const [protocol = '', operation = ''] = target.split('.');
  const [service, resourceOf] = BY_TARGET[protocol] ?? [];
  const resources = resourceOf?.({ ...Object(input) } as Fields) ?? [];
  return resources.map((resource) => ({ action: `${service}:${operation}`, resource: String(resource) }));
}

function busesIn({ Entries }: Fields): readonly string[] {
  const names = Array.isArray(Entries)
    ? Entries.map((entry: Fields) => (typeof entry['EventBusName'] === 'string' ? entry['EventBusName'] : 'default'))
    : [];
  return [...new Set(names)].map((name) =>
    name.startsWith('arn:') ? name : `arn:aws:events:${region}:${account}:event-bus/${name}`,
  );
}
