import { PutObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { claimedRecord, sendingRecord } from '../records.ts';
import { ASSETS, openS3 } from '../s3-endpoint.ts';
import { START, virtualTime } from '../virtual-time.ts';
import { createJsonStore } from '../../../functions/platform/json-store.ts';
import { createRecordStore, type RecordStore } from '../../../functions/run/record.ts';
import { recordKey } from '../../../functions/run/keys.ts';

const runId = claimedRecord().runId;

async function open() {
  const time = virtualTime(START + 400);
  const s3 = await openS3(time.now);
  const documents = createJsonStore(s3.s3, ASSETS);
  return { s3, documents, records: createRecordStore(documents), time };
}

/** A claim that stands. */
async function created(records: RecordStore) {
  const kept = await records.create(claimedRecord());
  if (!kept) throw new Error('not created');
  return kept;
}

function s3Error(name: string, status: number): S3ServiceException {
  return new S3ServiceException({ name, $fault: 'client', $metadata: { httpStatusCode: status } });
}

describe('a record', () => {
  it('that is not there is none', async () => {
    const { records } = await open();

    expect(await records.read(runId)).toBeUndefined();
  });

  it('is read as it was written, with its age by the clock of S3 alone', async () => {
    const { records, time } = await open();

    const written = await records.create(claimedRecord());
    time.pass(90);

    const kept = await records.read(runId);
    expect(kept?.record).toEqual(written?.record);
    expect(kept?.etag).toBe(written?.etag);
    expect(kept?.ageMs).toBe(90_000);
  });

  it('is created by one of two', async () => {
    const { records } = await open();

    const both = await Promise.all([records.create(claimedRecord()), records.create(claimedRecord())]);

    expect(both.filter((written) => written !== undefined)).toHaveLength(1);
  });

  it('is changed by one of two that read the same', async () => {
    const { records } = await open();
    const kept = await created(records);

    const both = await Promise.all([records.replace(kept, sendingRecord()), records.replace(kept, sendingRecord())]);

    expect(both.filter((written) => written !== undefined)).toHaveLength(1);
  });

  it('is not changed by a writer that read an older one', async () => {
    const { records } = await open();
    const old = await created(records);
    const newer = await records.replace(old, claimedRecord());

    expect(await records.replace(old, sendingRecord())).toBeUndefined();
    expect((await records.read(runId))?.etag).toBe(newer?.etag);
  });

  it('counts as written when the SDK has met its own first try', async () => {
    const { documents, records } = await open();
    const meetsItself = createRecordStore({
      ...documents,
      write: async (key, value, replacing) => {
        await documents.write(key, value, replacing);
        return await documents.write(key, value, replacing);
      },
    });

    const written = await meetsItself.create(claimedRecord());

    expect(written?.etag).toBe((await records.read(runId))?.etag);
  });

  it('that is gone is not brought back by a change', async () => {
    const { s3, records } = await open();
    const kept = await created(records);
    await s3.store.delete(ASSETS, recordKey(runId));

    expect(await records.replace(kept, sendingRecord())).toBeUndefined();
    expect(await records.read(runId)).toBeUndefined();
  });

  it('of an unknown shape is never taken for one', async () => {
    const { documents, records } = await open();
    await documents.write(recordKey(runId), { phase: 'claimed' });

    await expect(records.read(runId)).rejects.toMatchObject({ name: 'DocumentUnreadableError' });
  });
});

describe('two conditional writes at the same moment', () => {
  it('are tried again after a 409', async () => {
    const s3 = new S3Client({ region: 'us-east-1' });
    const aws = mockClient(s3);
    aws
      .on(PutObjectCommand)
      .rejectsOnce(s3Error('ConditionalRequestConflict', 409))
      .rejectsOnce(s3Error('ConditionalRequestConflict', 409))
      .resolves({ ETag: '"e"' });

    const etag = await createJsonStore(s3, ASSETS).write('k', {});

    expect(etag).toBe('"e"');
    expect(aws.commandCalls(PutObjectCommand).map(({ args }) => args[0].input.IfNoneMatch)).toEqual(['*', '*', '*']);
  });

  it('are worth a retry when the 409 does not end', async () => {
    const s3 = new S3Client({ region: 'us-east-1' });
    const aws = mockClient(s3);
    aws.on(PutObjectCommand).rejects(s3Error('ConditionalRequestConflict', 409));

    await expect(createJsonStore(s3, ASSETS).write('k', {}, '"e"')).rejects.toMatchObject({
      name: 'AwsUnavailableError',
    });

    expect(aws.commandCalls(PutObjectCommand).length).toBeLessThan(10);
    expect(aws.commandCalls(PutObjectCommand)[0]?.args[0].input.IfMatch).toBe('"e"');
  });

  it.each([
    ['PreconditionFailed', 412],
    ['NoSuchKey', 404],
  ])('are lost by a writer that gets %s', async (name, status) => {
    const s3 = new S3Client({ region: 'us-east-1' });
    mockClient(s3).on(PutObjectCommand).rejects(s3Error(name, status));

    expect(await createJsonStore(s3, ASSETS).write('k', {}, '"e"')).toBeUndefined();
  });

  it('are never lost for any other reason', async () => {
    const s3 = new S3Client({ region: 'us-east-1' });
    mockClient(s3).on(PutObjectCommand).rejects(s3Error('AccessDenied', 403));

    await expect(createJsonStore(s3, ASSETS).write('k', {})).rejects.toMatchObject({
      name: 'AccessDenied',
    });
  });
});
