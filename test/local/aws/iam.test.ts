import { describe, expect, it } from 'vitest';
import { assembly } from '../../../local/aws/assembly.ts';
import { jsonAccess, s3Access } from '../../../local/aws/iam/access.ts';
import { grantOf } from '../../../local/aws/iam/authorize.ts';
import { createGatekeeper } from '../../../local/aws/iam/gatekeeper.ts';
import { answerS3 } from '../../../local/aws/s3/handler.ts';
import { createObjectStore } from '../../../local/aws/s3/store.ts';
import { readTemplate, type Template } from '../../../local/aws/template.ts';

const template = await readTemplate(await assembly());

/** The template in which a function may do only this. */
function allowing(name: string, statements: Template['functions'][number]['statements']): Template {
  return {
    ...template,
    functions: template.functions.map((one) => (one.name === name ? { ...one, statements } : one)),
  };
}

describe('a policy', () => {
  const statements = [{ actions: ['s3:GetObject', 'kms:GenerateDataKey*'], resources: ['arn:aws:s3:::models/runs/*'] }];

  it.each([
    [true, 's3:GetObject', 'arn:aws:s3:::models/runs/oak.json'],
    [true, 's3:GetObject', 'arn:aws:s3:::models/runs/deep/er.json'],
    [true, 'kms:GenerateDataKeyWithoutPlaintext', 'arn:aws:s3:::models/runs/x'],
    [false, 's3:GetObjectVersion', 'arn:aws:s3:::models/runs/oak.json'],
    [false, 's3:GetObject', 'arn:aws:s3:::models/results/oak.json'],
    [false, 's3:GetObject', 'arn:aws:s3:::modelsXruns/oak.json'],
  ])('allows, or does not: %s, %s on %s', (allowed, action, resource) => {
    expect(grantOf(statements, { action, resource }) !== undefined).toBe(allowed);
  });
});

describe('a call needs', () => {
  const call = (method: string, key: string, query = '', isCopy = false) =>
    s3Access({ method, bucket: 'b', key, query: new URLSearchParams(query), isCopy })?.action;

  it('the permission that S3 asks for', () => {
    expect(call('GET', 'k')).toBe('s3:GetObject');
    expect(call('HEAD', 'k', 'versionId=1')).toBe('s3:GetObjectVersion');
    expect(call('PUT', 'k')).toBe('s3:PutObject');
    expect(call('POST', 'k', 'uploads')).toBe('s3:PutObject');
    expect(call('DELETE', 'k', 'uploadId=1')).toBe('s3:AbortMultipartUpload');
    expect(call('GET', '', 'list-type=2')).toBe('s3:ListBucket');
    expect(call('GET', '', 'versions')).toBe('s3:ListBucketVersions');
  });

  it('the permission of its operation, on what it names', () => {
    expect(jsonAccess('AmazonSQS.SendMessage', { QueueUrl: 'http://127.0.0.1/000000000000/Uploads-Queue' })).toEqual([
      { action: 'sqs:SendMessage', resource: 'arn:aws:sqs:us-east-1:000000000000:Uploads-Queue' },
    ]);
    expect(jsonAccess('AWSEvents.PutEvents', { Entries: [{ EventBusName: 'default' }, {}] })).toEqual([
      { action: 'events:PutEvents', resource: 'arn:aws:events:us-east-1:000000000000:event-bus/default' },
    ]);
  });
});

describe('the gatekeeper', () => {
  it('lets functions do what the template allows, and nobody notices', () => {
    const gatekeeper = createGatekeeper(template);
    const request = { method: 'GET', url: '/meshdrop-assets/control/jobs.json', headers: {}, body: nothing() };

    expect(gatekeeper.s3('CheckJob', request)).toBeUndefined();
    expect(gatekeeper.s3('somebody else', { ...request, url: '/meshdrop-uploads/oak.png' })).toBeUndefined();
  });

  it('denies everything else in the words of IAM', () => {
    const gatekeeper = createGatekeeper(template);
    const request = { method: 'PUT', url: '/meshdrop-uploads/chairs/oak%20tree.png', headers: {}, body: nothing() };

    expect(gatekeeper.s3('CheckJob', request)).toBe(
      'User: CheckJob is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::meshdrop-uploads/chairs/oak tree.png" because no identity-based policy allows the s3:PutObject action',
    );
  });

  it('answers 403 for a missing object to a caller that cannot list the bucket, as S3 does', async () => {
    const store = createObjectStore({ now: Date.now });
    store.createBucket('meshdrop-assets', { versioned: true });
    const readOnly = [{ actions: ['s3:GetObject'], resources: ['arn:aws:s3:::meshdrop-assets/*'] }];
    const gatekeeper = createGatekeeper(allowing('CheckJob', readOnly));
    const guard = {
      request: gatekeeper.s3.bind(undefined, 'CheckJob'),
      absence: gatekeeper.absence.bind(undefined, 'CheckJob'),
    };
    const get = {
      method: 'GET',
      url: '/meshdrop-assets/control/jobs.json',
      headers: { host: '127.0.0.1' },
      body: nothing(),
    };

    expect((await answerS3(get, store)).status).toBe(404);
    expect((await answerS3(get, store, guard)).status).toBe(403);
  });
});

async function* nothing(): AsyncGenerator<Uint8Array> {}
