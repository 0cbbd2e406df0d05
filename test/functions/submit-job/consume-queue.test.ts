import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { TryLaterError } from '../../../functions/platform/errors.ts';
import type { AnnouncedUpload } from '../../../functions/run/upload-message.ts';
import { eachUpload } from '../../../functions/submit-job/consume-queue.ts';
import { collectObserved } from '../observed-collector.ts';

function message(messageId: string, body: string): SQSRecord {
  const attributes = { SentTimestamp: '1000000' };
  return { messageId, receiptHandle: `handle of ${messageId}`, body, attributes } as SQSRecord;
}

function announcement(key: string, object: Record<string, unknown> = {}): string {
  return JSON.stringify({
    version: '0',
    source: 'aws.s3',
    'detail-type': 'Object Created',
    detail: {
      version: '0',
      bucket: { name: 'uploads' },
      object: { key, size: 5, etag: 'abc', 'version-id': 'v1', sequencer: '00', ...object },
      reason: 'PutObject',
    },
  });
}

async function take(
  bodies: readonly string[],
  failing: (upload: AnnouncedUpload) => Error | undefined = () => undefined,
) {
  const seen: AnnouncedUpload[] = [];
  const givenBack: [receiptHandle: string, inSeconds: number][] = [];
  const event: SQSEvent = { Records: bodies.map((body, n) => message(`m${n}`, body)) };
  const { log, count, counts } = collectObserved();
  const tools = {
    ignorePrefixes: ['drafts/', 'tmp'],
    now: () => 1_090_000,
    log,
    count,
    giveBack: async (receiptHandle: string, inSeconds: number) => {
      givenBack.push([receiptHandle, inSeconds]);
    },
  };
  const { batchItemFailures } = await eachUpload(event, tools, async (upload) => {
    seen.push(upload);
    const error = failing(upload);
    if (error) throw error;
  });
  return { seen, failed: batchItemFailures.map(({ itemIdentifier }) => itemIdentifier), givenBack, counts };
}

describe('a message', () => {
  it('carries bucket, key, version, etag and sequencer', async () => {
    const { seen, failed } = await take([announcement('chairs/oak.png')]);

    expect(seen).toEqual([
      { bucket: 'uploads', key: 'chairs/oak.png', versionId: 'v1', etag: 'abc', sequencer: '00' },
    ]);
    expect(failed).toEqual([]);
  });

  it('has no version where the bucket has none', async () => {
    const { seen } = await take([announcement('oak.png', { 'version-id': undefined })]);

    expect(seen[0]).not.toHaveProperty('versionId');
  });

  it.each([
    'a b+c.png',
    'a%20b.png',
    'ü/🪑 & <x>.png',
    'a//b',
    '/a.png',
    'x/..',
    'manifest.json',
    '.hidden',
    'no-extension',
  ])('has its key as plain text: %s', async (key) => {
    const { seen } = await take([announcement(key)]);

    expect(seen[0]?.key).toBe(key);
  });

  it.each(['chairs/', '/', '.DS_Store', 'a/.DS_Store', 'a/Thumbs.db', 'drafts/oak.png', 'tmp1.png'])(
    'about %s is taken and ignored',
    async (key) => {
      expect(await take([announcement(key)])).toEqual({ seen: [], failed: [], givenBack: [], counts: [] });
    },
  );

  it.each(['a.DS_Store', '.DS_Store/a.png', 'thumbs.db', 'chairs/drafts/oak.png'])(
    'about %s is not ignored',
    async (key) => {
      expect((await take([announcement(key)])).seen).toHaveLength(1);
    },
  );

  it('that fails returns, and the others do not', async () => {
    const { seen, failed } = await take(
      [announcement('a.png'), announcement('b.png'), announcement('c.png')],
      ({ key }) => (key === 'b.png' ? new Error('later') : undefined),
    );

    expect(seen).toHaveLength(3);
    expect(failed).toEqual(['m1']);
  });

  it('whose run can not go on yet is given back for when it can', async () => {
    const { failed, givenBack, counts } = await take(
      [announcement('a.png'), announcement('b.png'), announcement('c.png')],
      ({ key }) => (key === 'b.png' ? new TryLaterError('an uncertain send', 210) : undefined),
    );

    expect(failed).toEqual(['m1']);
    expect(givenBack).toEqual([['handle of m1', 210]]);
    expect(counts).toEqual([['HeldSeconds', 90]]);
  });

  it('that fails unexpectedly keeps its visibility timeout: the same may happen again at once', async () => {
    const { failed, givenBack, counts } = await take([announcement('a.png')], () => new Error('ours'));

    expect(failed).toEqual(['m0']);
    expect(givenBack).toEqual([]);
    expect(counts).toEqual([
      ['HeldSeconds', 90],
      ['UnexpectedError', 1],
    ]);
  });

  it.each(['', 'no json', '{}', '{"detail":{"bucket":{"name":"b"},"object":{"key":""}}}'])(
    'that can not be read returns: %s',
    async (body) => {
      expect(await take([body, announcement('a.png')])).toMatchObject({
        failed: ['m0'],
        seen: [{ key: 'a.png' }],
      });
    },
  );
});
