import { ChangeMessageVisibilityCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { openSqs } from '../sqs-endpoint.ts';
import { collectTelemetry } from '../telemetry-collector.ts';
import { virtualTime } from '../virtual-time.ts';
import { consumeQueue } from '../../../functions/submit-job/consume-queue.ts';
import { TryLaterError } from '../../../functions/submit-job/errors.ts';
import type { AnnouncedUpload } from '../../../functions/run/upload.ts';

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
  const { telemetry, counts } = collectTelemetry();
  const sqs = new SQSClient({ region: 'us-east-1' });
  mockClient(sqs)
    .on(ChangeMessageVisibilityCommand)
    .callsFake((input: { ReceiptHandle: string; VisibilityTimeout: number }) => {
      givenBack.push([input.ReceiptHandle, input.VisibilityTimeout]);
    });
  const clock = virtualTime(1_090_000);
  const queue = { sqs, url: 'url', ignored: { prefixes: ['drafts/', 'tmp'], names: [] }, clock, telemetry };
  const { batchItemFailures } = await consumeQueue(event, queue, async (upload) => {
    seen.push(upload);
    const error = failing(upload);
    if (error) throw error;
  });
  return { seen, failed: batchItemFailures.map(({ itemIdentifier }) => itemIdentifier), givenBack, counts };
}

describe('a message', () => {
  it('carries bucket, key, version, etag and sequencer', async () => {
    const { seen, failed } = await take([announcement('chairs/oak.png')]);

    expect(seen).toEqual([{ bucket: 'uploads', key: 'chairs/oak.png', versionId: 'v1', etag: 'abc', sequencer: '00' }]);
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

  it.each(['a.DS_Store', '.DS_Store/a.png', 'thumbs.db.png', 'chairs/drafts/oak.png'])(
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

  it('whose run cannot continue yet is hidden until it can', async () => {
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
    'that cannot be read returns: %s',
    async (body) => {
      expect(await take([body, announcement('a.png')])).toMatchObject({
        failed: ['m0'],
        seen: [{ key: 'a.png' }],
      });
    },
  );
});

/** A message that was received and returns to the real queue with this wait. */
async function returned(inSeconds: number) {
  const clock = virtualTime();
  const { sqs, queueUrls, uploads } = await openSqs(clock.now);
  await uploads.send(announcement('a.png'));
  const received = await uploads.receive();
  if (!received) throw new Error('nothing received');
  const record = { ...message(received.messageId, received.body), receiptHandle: `${received.messageId}#1` };
  const { telemetry, lines } = collectTelemetry();
  const queue = { sqs, url: queueUrls.uploads, ignored: { prefixes: [], names: [] }, clock, telemetry };
  await consumeQueue({ Records: [record] }, queue, async () => {
    throw new TryLaterError('later', inSeconds);
  });
  return { clock, lines, isVisible: () => uploads.isVisible(received) };
}

describe('a message that returns', () => {
  it('without a wait may be received again at once', async () => {
    expect((await returned(0)).isVisible()).toBe(true);
  });

  it('with a wait may be received again after it, and not before', async () => {
    const { clock, isVisible } = await returned(209.2);

    clock.pass(209.999);
    expect(isVisible()).toBe(false);
    clock.pass(0.001);
    expect(isVisible()).toBe(true);
  });

  it.each([
    [-1, 0],
    [100_000, 43_200],
  ])('after %i s is hidden for what SQS allows: %i s', async (inSeconds, allowed) => {
    const { givenBack } = await take([announcement('a.png')], () => new TryLaterError('later', inSeconds));

    expect(givenBack).toEqual([['handle of m0', allowed]]);
  });

  it('is not a failure of its own if the queue does not answer', async () => {
    const sqs = new SQSClient({ region: 'us-east-1' });
    mockClient(sqs).on(ChangeMessageVisibilityCommand).rejects(new Error('the queue is away'));
    const { telemetry, lines } = collectTelemetry();
    const queue = { sqs, url: 'url', ignored: { prefixes: [], names: [] }, clock: virtualTime(), telemetry };
    const event = { Records: [message('m0', announcement('a.png'))] };

    const { batchItemFailures } = await consumeQueue(event, queue, async () => {
      throw new TryLaterError('later');
    });

    expect(batchItemFailures).toEqual([{ itemIdentifier: 'm0' }]);
    expect(lines).toContainEqual(expect.stringContaining('the queue is away'));
  });
});
