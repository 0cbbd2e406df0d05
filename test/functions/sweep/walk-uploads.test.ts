import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  type ListObjectVersionsCommandInput,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { PAUSE_KEY } from '../../../functions/spending/spend-guard.ts';
import { modelAsset } from '../records.ts';
import { ASSETS, UNVERSIONED_UPLOADS, UPLOADS } from '../s3-endpoint.ts';
import { KEY } from '../submission.ts';
import { DAYS, HOURS, MINUTES, openSweep } from '../sweeping.ts';
import type { RecordStore } from '../../../functions/run/record.ts';
import { recordKey } from '../../../functions/run/keys.ts';
import { runIdOf, uploadIn, uploadMessage } from '../../../functions/run/upload.ts';
import { conclude, type Outcome } from '../../../functions/run/conclude.ts';
import { TryLaterError } from '../../../functions/submit-job/errors.ts';

type World = Awaited<ReturnType<typeof openSweep>>;

/** An upload whose event never came, as old as that. */
async function lost(world: World, seconds: number, key = KEY) {
  const dropped = await world.drop({}, key);
  world.time.pass(seconds);
  return dropped;
}

async function remove(world: World, versionId?: string) {
  await world.s3.s3.send(
    new DeleteObjectCommand({ Bucket: UPLOADS, Key: KEY, ...(versionId && { VersionId: versionId }) }),
  );
}

/** Lists so few versions at a time that several pages are needed. */
function paged({ s3: { s3 } }: World, MaxKeys: number): void {
  s3.middlewareStack.add(
    (next, { commandName }) =>
      (args) =>
        commandName === 'ListObjectVersionsCommand' && !(args.input as ListObjectVersionsCommandInput).Prefix
          ? next({ ...args, input: { ...args.input, MaxKeys } })
          : next(args),
    { step: 'initialize' },
  );
}

describe('an upload whose event never came', () => {
  it('is put back after a quarter of an hour, and becomes one paid job', async () => {
    const world = await openSweep();
    const { runId } = await lost(world, 15 * MINUTES);

    await world.sweepOnce();

    expect(world.waiting()).toEqual([KEY]);
    expect(await world.record(runId)).toMatchObject({ phase: 'claimed', sends: [], attempts: 0 });
    expect(world.counts).toEqual([['PutBack', 1]]);

    await world.deliver();
    await world.sweepOnce();

    expect(world.jobs()).toHaveLength(1);
    expect(world.started).toMatchObject([{ runId }]);
    expect(world.waiting()).toEqual([]);
  });

  it('is left alone before: the event may still be on its way', async () => {
    const world = await openSweep();
    const { runId } = await lost(world, 15 * MINUTES - 1);

    await world.sweepOnce();

    expect(world.waiting()).toEqual([]);
    expect(await world.record(runId)).toBeUndefined();
  });

  it.each([
    [24 * HOURS - 1, []],
    [24 * HOURS, [KEY]],
  ])('while messages wait in the queue may be among them, for a day (%i s)', async (seconds, putBack) => {
    const world = await openSweep();
    await lost(world, seconds);
    await world.uploads.send(uploadMessage({ bucket: UPLOADS, key: 'waits.png', versionId: 'v1' }));

    await world.sweepOnce();

    expect(world.waiting()).toEqual(['waits.png', ...putBack]);
  });

  it('is put back, but not at every sweep: its record says when it was', async () => {
    const world = await openSweep();
    await lost(world, 15 * MINUTES);
    await world.sweepOnce();
    const message = await world.uploads.receive();
    await world.uploads.delete(`${message?.messageId}#1`);
    world.time.pass(15 * MINUTES - 1);

    await world.sweepOnce();
    expect(world.waiting()).toEqual([]);
    world.time.pass(1);
    await world.sweepOnce();

    expect(world.waiting()).toEqual([KEY]);
  });

  it('is paid once even when two sweeps find it at once and its event comes after all', async () => {
    const world = await openSweep();
    const { upload } = await lost(world, 15 * MINUTES);

    await Promise.all([world.sweepOnce(), world.sweepOnce(), world.submit(upload)]);
    await world.deliver();
    await world.sweepOnce();

    expect(world.jobs()).toHaveLength(1);
    expect(world.waiting()).toEqual([]);
  });

  it('is put back in every version that there is', async () => {
    const world = await openSweep();
    const [first, second] = [await lost(world, 1), await lost(world, 15 * MINUTES)];

    await world.sweepOnce();
    await world.deliver();

    expect(world.started.map(({ runId }) => runId).toSorted()).toEqual([first.runId, second.runId].toSorted());
  });
});

describe('an upload that was deleted', () => {
  it('is put back as deleted if it is hidden by a delete marker, and SubmitJob ends its run unpaid', async () => {
    const world = await openSweep();
    const { runId } = await lost(world, 1);
    await remove(world);
    world.time.pass(15 * MINUTES);

    await world.sweepOnce();
    await world.deliver();

    expect(world.requests()).toEqual({});
    expect(await world.manifest(runId)).toMatchObject({
      status: 'failed',
      failure: { code: 'upload-deleted' },
    });
    expect(world.events).toMatchObject([{ detailType: 'Model Failed', detail: { metadata: { runId } } }]);
  });

  it.each([1, 0])('and uploaded again %i s later is put back', async (seconds) => {
    const world = await openSweep();
    await remove(world);
    world.time.pass(seconds);
    const { runId } = await lost(world, 15 * MINUTES);

    await world.sweepOnce();

    expect(world.waiting()).toEqual([KEY]);
    expect(await world.record(runId)).toMatchObject({ phase: 'claimed' });
  });

  it('is told from another whose name it begins with', async () => {
    const world = await openSweep();
    for (let versions = 0; versions < 2; versions += 1) await lost(world, 1, 'a.png');
    const { upload } = await lost(world, 1, 'a.png.png');
    await world.s3.s3.send(new DeleteObjectCommand({ Bucket: UPLOADS, Key: upload.key }));
    world.time.pass(15 * MINUTES);

    await world.sweepOnce();

    const deleted = world.uploads.messages().filter(({ body }) => uploadIn(body).isDeleted);
    expect(world.waiting()).toEqual(['a.png', 'a.png', 'a.png.png']);
    expect(deleted.map(({ body }) => uploadIn(body).key)).toEqual(['a.png.png']);
  });
});

describe('none of ours', () => {
  it.each(['drafts/oak.png', 'chairs/', '.DS_Store'])('is an ignored key: %s', async (key) => {
    const world = await openSweep();
    await lost(world, 15 * MINUTES, key);

    await world.sweepOnce();

    expect(world.uploads.messages()).toEqual([]);
    expect(world.s3.keys()).toEqual(['control/sweep.json']);
  });

  it('is what has no version', async () => {
    const world = await openSweep();
    await world.s3.put(UNVERSIONED_UPLOADS, KEY, 'x');
    world.time.pass(15 * MINUTES);

    await world.sweepOnce({ uploadBucket: UNVERSIONED_UPLOADS });

    expect(world.uploads.messages()).toEqual([]);
    expect(world.s3.keys()).toEqual(['control/sweep.json']);
  });

  it('is what was in the bucket before the deployment', async () => {
    const world = await openSweep();
    // The virtual clock may go back: the queue was made at its start.
    world.time.pass(-1);
    await lost(world, 2 * DAYS);

    await world.sweepOnce();

    expect(world.uploads.messages()).toEqual([]);
    expect(world.s3.keys()).toEqual(['control/sweep.json']);
  });

  it('is what nobody has seen for a week', async () => {
    const world = await openSweep();
    await lost(world, 7 * DAYS + 1);

    await world.sweepOnce();

    expect(world.uploads.messages()).toEqual([]);
    expect(world.s3.keys()).toEqual(['control/sweep.json']);
  });

  it('is what nobody has seen for a week, even while something older is open', async () => {
    const world = await openSweep();
    const { runId } = await lost(world, 0, 'a-broken.png');
    await world.documents.write(recordKey(runId), { phase: 'unheard of' });
    await world.sweepOnce();
    await lost(world, 7 * DAYS + 1);

    await world.sweepOnce();

    expect(world.uploads.messages()).toEqual([]);
  });

  it('is a run whose record somebody removed when its manifest is there: it buys no second job', async () => {
    const world = await openSweep();
    const { upload, runId } = await world.drop({}, KEY, 'hello');
    await world.submit(upload);
    await world.s3.store.delete(ASSETS, recordKey(runId));
    world.time.pass(15 * MINUTES);

    await world.sweepOnce();

    expect(world.waiting()).toEqual([]);
    expect(await world.record(runId)).toBeUndefined();
  });
});

describe('a run that stands still', () => {
  it('as claimed is put back, and its record says since when', async () => {
    const world = await openSweep();
    const { upload, runId } = await world.drop();
    const scenario = { ...world.scenario, quote: () => Promise.reject(new Error('ours')) };
    await expect(world.submit(upload, { scenario })).rejects.toThrow('ours');
    world.time.pass(15 * MINUTES);

    await world.sweepOnce();

    expect(world.waiting()).toEqual([KEY]);
    expect(await world.record(runId)).toMatchObject({ phase: 'claimed', attempts: 1 });
    expect((await world.records.read(runId))?.ageMs).toBe(0);
  });

  it('as sending is put back, its record untouched, and its job is adopted', async () => {
    const world = await openSweep();
    const { upload, runId } = await world.drop();
    const replace: RecordStore['replace'] = async (standing, record) => {
      if (record.phase === 'submitted') throw new Error('killed');
      return await world.records.replace(standing, record);
    };
    const records = { ...world.records, replace };
    await expect(world.submit(upload, { runs: { records } })).rejects.toThrow('killed');
    world.time.pass(15 * MINUTES);

    await world.sweepOnce();

    const { record, ageMs } = (await world.records.read(runId)) ?? {};
    expect(record).toMatchObject({ phase: 'sending', sends: [{ sentBy: expect.any(String) as string }] });
    expect(ageMs).toBe(15 * MINUTES * 1_000);
    await world.deliver();
    expect(world.jobs()).toHaveLength(1);
    expect(world.started).toMatchObject([{ runId, jobId: world.jobs()[0]?.jobId }]);
  });

  it('but moves on in the same moment is not thrown back', async () => {
    const world = await openSweep();
    const { upload, runId } = await lost(world, 15 * MINUTES);
    let done = false;
    const create: RecordStore['create'] = async (record) => {
      if (!done) {
        done = true;
        await world.submit(upload);
      }
      return await world.records.create(record);
    };

    await world.sweepOnce({ records: { ...world.records, create } });

    expect(await world.record(runId)).toMatchObject({ phase: 'submitted' });
    expect(world.waiting()).toEqual([]);
    expect(world.jobs()).toHaveLength(1);
  });
});

describe('a paid run', () => {
  async function paid() {
    const world = await openSweep();
    const { upload, runId } = await world.drop();
    await world.submit(upload);
    world.started.length = 0;
    world.time.pass(15 * MINUTES);
    return { world, runId };
  }

  it('whose execution was never started is put back and started, without a second job', async () => {
    const { world, runId } = await paid();

    await world.sweepOnce();
    await world.deliver();

    expect(world.started).toMatchObject([{ runId }]);
    expect(world.jobs()).toHaveLength(1);
  });

  it('whose execution is under way is left alone', async () => {
    const { world, runId } = await paid();
    world.executions.set(runId, { status: 'RUNNING' });

    await world.sweepOnce();

    expect(world.waiting()).toEqual([]);
    expect(await world.record(runId)).toMatchObject({ phase: 'submitted' });
  });

  it.each([
    ['FAILED', { error: 'deadline', cause: '{"errorMessage":"too long"}' }, 'deadline'],
    ['TIMED_OUT', {}, 'timed-out'],
    ['ABORTED', { cause: 'by hand' }, 'aborted'],
  ] as const)('whose execution ended %s and was never reported is reported', async (status, why, code) => {
    const { world, runId } = await paid();
    world.executions.set(runId, { status, ...why });

    await world.sweepOnce();
    await world.deliverReports();

    expect(await world.manifest(runId)).toMatchObject({ status: 'failed', failure: { code } });
    expect(world.events).toMatchObject([{ detailType: 'Model Failed' }]);
    expect(world.waiting()).toEqual([]);
  });
});

describe('a conclusion that was cut off after the record', () => {
  it('is put back and completed: a rejection', async () => {
    const world = await openSweep();
    const { upload, runId } = await world.drop({}, KEY, 'hello');
    const documents = { ...world.documents, read: () => Promise.reject(new Error('killed')) };
    await expect(world.submit(upload, { runs: { documents } })).rejects.toThrow('killed');
    expect(await world.manifest(runId)).toBeUndefined();
    world.time.pass(15 * MINUTES);

    await world.sweepOnce();
    await world.deliver();

    expect(await world.manifest(runId)).toMatchObject({ status: 'rejected' });
    expect(world.events).toMatchObject([{ detailType: 'Upload Rejected' }]);
  });

  it('is put back and completed: a model, and not a second time', async () => {
    const world = await openSweep();
    const { upload, runId } = await world.drop();
    await world.submit(upload);
    const record = await world.record(runId);
    if (!record) throw new Error('no record');
    const documents = { ...world.documents, read: () => Promise.reject(new Error('killed')) };
    const stored: Outcome = { phase: 'stored', assets: [modelAsset] };
    await expect(conclude(record, stored, { ...world.runs, documents })).rejects.toThrow('killed');
    world.time.pass(15 * MINUTES);

    await world.sweepOnce();
    await world.deliver();
    await world.sweepOnce();
    await world.deliver();

    expect(await world.manifest(runId)).toMatchObject({ status: 'stored' });
    expect(world.events).toMatchObject([{ detailType: 'Model Stored' }]);
  });
});

it('an event that the bus never took, though the manifest is there, is sent after all', async () => {
  const world = await openSweep();
  const { upload, runId } = await world.drop({}, KEY, 'hello');
  const announce = () => Promise.reject(new Error('killed'));
  await expect(world.submit(upload, { runs: { announce } })).rejects.toThrow('killed');
  world.time.pass(14 * MINUTES);
  await world.sweepOnce();
  expect(world.events).toEqual([]);
  world.time.pass(1 * MINUTES);

  await world.sweepOnce();
  await world.deliver();

  expect(world.events).toMatchObject([{ detail: { metadata: { runId } } }]);
});

describe('the walk through the bucket', () => {
  /** What the sweeps so far have asked of this run's record. */
  const looksAt = (world: World, runId: string) =>
    world.s3.requests.filter((request) => request.includes(recordKey(runId)) && request.startsWith('GET')).length;

  const progress = async (world: World) => (await world.documents.read('control/sweep.json'))?.value;

  it('looks no more at what is answered, and again at what is not', async () => {
    const world = await openSweep();
    const answered = await world.drop({}, 'answered.png', 'hello');
    await world.submit(answered.upload);
    world.time.pass(7 * 60 * MINUTES);
    const open = await lost(world, 11 * MINUTES, 'open.png');
    await world.sweepOnce();
    const [before, beforeOpen] = [looksAt(world, answered.runId), looksAt(world, open.runId)];

    await world.sweepOnce();

    expect(looksAt(world, answered.runId)).toBe(before);
    expect(looksAt(world, open.runId)).toBeGreaterThan(beforeOpen);
  });

  /** One walk, in calls that have hardly any time. Their number. */
  async function walkInHaste(world: World, between: () => Promise<unknown>): Promise<number> {
    for (let calls = 1; ; calls += 1) {
      await world.sweepOnce({ remainingMs: () => 0 });
      if (!Object.hasOwn((await progress(world)) as object, 'walk')) return calls;
      await between();
    }
  }

  it('goes on at the next call when its time is up, through every page, and looks at nothing twice', async () => {
    const world = await openSweep();
    paged(world, 2);
    const keys = ['a', 'b', 'c', 'd', 'e'];
    for (const key of keys) await lost(world, 1, key);
    world.time.pass(15 * MINUTES);
    const putBack: string[] = [];
    const deliver = async () => {
      putBack.push(...world.waiting());
      await world.deliver();
    };

    const calls = await walkInHaste(world, deliver);
    await deliver();

    expect(calls).toBeGreaterThan(1);
    expect(putBack).toEqual(keys);
    expect(world.jobs()).toHaveLength(5);
  });

  it('forgets neither what came behind its back nor what was open on an earlier page', async () => {
    const world = await openSweep();
    paged(world, 1);
    await lost(world, 14 * MINUTES, 'b');
    await lost(world, 0, 'c');

    await walkInHaste(world, async () => {
      if (world.s3.keys(UPLOADS).length < 3) await lost(world, 0, 'a');
    });
    world.time.pass(15 * MINUTES);
    await world.sweepOnce();

    expect(world.waiting()).toEqual(['a', 'b', 'c']);
  });

  it('reads nothing again that was concluded in the walk before', async () => {
    const world = await openSweep();
    const rejected = await world.drop({ 'tripo-nonsense': '1' }, 'rejected.png');
    await world.submit(rejected.upload);
    world.time.pass(61 * MINUTES);
    await world.sweepOnce();
    const before = looksAt(world, rejected.runId);
    world.time.pass(HOURS);

    await world.sweepOnce();

    expect(looksAt(world, rejected.runId)).toBe(before);
    expect(await world.record(rejected.runId)).toMatchObject({ phase: 'rejected' });
  });

  it('looks at uploads that wait in the queue less and less often, and at once when the queue is empty', async () => {
    const world = await openSweep();
    const { runId } = await lost(world, 0, 'waits.png');
    await world.uploads.send(uploadMessage({ bucket: UPLOADS, key: 'another.png', versionId: 'v1' }));
    const looks: number[] = [];
    for (let hours = 0; hours < 12; hours += 1) {
      await world.sweepOnce();
      looks.push(looksAt(world, runId));
      world.time.pass(HOURS);
    }
    const message = await world.uploads.receive();
    await world.uploads.delete(`${message?.messageId}#1`);
    await world.sweepOnce();

    expect(looks).toEqual([1, 2, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5]);
    expect(world.waiting()).toEqual(['waits.png']);
  });

  it('looks at a paid run in every walk, however long the queue is', async () => {
    const world = await openSweep();
    const { upload, runId } = await world.drop();
    await world.submit(upload);
    world.executions.set(runId, { status: 'RUNNING' });
    await world.uploads.send(uploadMessage({ bucket: UPLOADS, key: 'another.png', versionId: 'v1' }));
    const before = looksAt(world, runId);
    for (let hours = 0; hours < 8; hours += 1) {
      await world.sweepOnce();
      world.time.pass(HOURS);
    }

    expect(looksAt(world, runId) - before).toBe(8);
  });

  it('sees a multipart upload that began before the last walk and was completed after it', async () => {
    const world = await openSweep();
    const begun = await world.s3.s3.send(new CreateMultipartUploadCommand({ Bucket: UPLOADS, Key: 'late.png' }));
    const part = { Bucket: UPLOADS, Key: 'late.png', UploadId: begun.UploadId };
    const { ETag } = await world.s3.s3.send(new UploadPartCommand({ ...part, PartNumber: 1, Body: 'late' }));
    world.time.pass(HOURS);
    await world.sweepOnce();
    world.time.pass(HOURS);
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    await world.s3.s3.send(new CompleteMultipartUploadCommand({ ...part, MultipartUpload }));
    world.time.pass(HOURS);

    await world.sweepOnce();

    expect(world.waiting()).toEqual(['late.png']);
  });

  it('misses nothing while its clock is half an hour ahead of the clock of S3', async () => {
    const world = await openSweep();
    const ahead = { ...world.time, now: () => world.time.now() + 30 * MINUTES * 1_000 };
    await world.sweepOnce({ clock: ahead });
    await lost(world, HOURS, 'early.png');

    await world.sweepOnce({ clock: ahead });

    expect(world.waiting()).toEqual(['early.png']);
  });

  it('lists at most two hundred pages of a large bucket, and goes on there in the next hour', async () => {
    const world = await openSweep();
    paged(world, 1);
    for (let n = 0; n < 201; n += 1) await world.s3.put(UPLOADS, `${String(n).padStart(3, '0')}.png`, 'x');
    const lists = () => world.s3.requests.filter((request) => request.includes('versions')).length;

    await world.sweepOnce();
    expect(lists()).toBe(200);
    await world.sweepOnce();

    expect(lists()).toBe(201);
    expect(await progress(world)).not.toHaveProperty('walk');
  });

  it('is not stopped by an upload that cannot be looked at, and comes back to it', async () => {
    const world = await openSweep();
    const broken = await lost(world, 1, 'a-broken.png');
    await world.documents.write(recordKey(broken.runId), { phase: 'unheard of' });
    await lost(world, 15 * MINUTES, 'fine.png');

    await world.sweepOnce();

    expect(world.waiting()).toEqual(['fine.png']);
    expect(world.lines.join('\n')).toContain('a-broken.png');

    await world.s3.store.delete(ASSETS, recordKey(broken.runId));
    await world.deliver();
    await world.sweepOnce();

    expect(world.waiting()).toEqual(['a-broken.png']);
  });

  it('is done with every page before the function is killed, however slowly S3 answers', async () => {
    const world = await openSweep();
    for (let n = 0; n < 20; n += 1) await lost(world, 0, `${n}.png`);
    world.time.pass(15 * MINUTES);
    const read: typeof world.records.read = async (runId) => {
      world.time.pass(10);
      return await world.records.read(runId);
    };
    const endsAt = world.time.now() + 120_000;
    const remainingMs = () => endsAt - world.time.now();

    await world.sweepOnce({ records: { ...world.records, read }, remainingMs });

    expect(remainingMs()).toBeGreaterThan(0);
    expect(world.s3.keys()).toContain('control/sweep.json');
  });
});

it('an upload that waits for its turn is paid once, whatever the sweep does beside it', async () => {
  const world = await openSweep();
  const { upload } = await world.drop();
  await world.s3.put(ASSETS, PAUSE_KEY, '{}');
  for (let hours = 0; hours < 3; hours += 1) {
    await expect(world.submit(upload)).rejects.toThrow(TryLaterError);
    await world.sweepOnce();
    world.time.pass(HOURS);
  }
  await world.s3.store.delete(ASSETS, PAUSE_KEY);

  await Promise.all([world.deliver(), world.sweepOnce()]);
  await world.deliver();

  expect(world.jobs()).toHaveLength(1);
  expect(runIdOf(upload)).toBe(world.started[0]?.runId);
});

describe('a bucket that is brought to a deployment of a week ago', () => {
  it('is none of ours when both buckets are new to it', async () => {
    const world = await openSweep();
    world.time.pass(8 * DAYS);
    await world.drop({}, KEY);
    world.time.pass(3 * DAYS);

    await world.sweepOnce();

    expect(world.waiting()).toEqual([]);
  });

  it('is none of ours when only the uploads are another bucket', async () => {
    const world = await openSweep();
    world.time.pass(8 * DAYS);
    await world.drop({}, KEY);
    world.time.pass(2 * HOURS);
    const doneUntil = new Date(world.time.now() - 7 * HOURS * 1000).toISOString();
    const before = { schemaVersion: '1.0', uploadBucket: 'another-one', doneUntil };
    await world.documents.write('control/sweep.json', before);

    await world.sweepOnce();

    expect(world.waiting()).toEqual([]);
  });
});

it('what somebody dropped half an hour before a bucket joined is not bought by a later sweep, either', async () => {
  const world = await openSweep();
  world.time.pass(8 * DAYS);
  const doneUntil = new Date(world.time.now() - 7 * HOURS * 1000).toISOString();
  await world.documents.write('control/sweep.json', { schemaVersion: '1.0', uploadBucket: 'another-one', doneUntil });
  await world.drop({}, KEY);
  world.time.pass(30 * MINUTES);

  await world.sweepOnce();
  world.time.pass(HOURS);
  await world.sweepOnce();

  expect(world.waiting()).toEqual([]);
});

describe('several upload buckets', () => {
  const MORE = 'more-uploads';

  async function withMore() {
    const world = await openSweep();
    world.s3.store.createBucket(MORE, { versioned: true });
    const sweepBoth = () => world.sweepOnce({ moreUploadBuckets: [MORE] });
    const dropMore = (key: string) => world.s3.put(MORE, key, `the image ${key}`);
    return { ...world, sweepBoth, dropMore };
  }

  it('are all walked through: a lost upload of any of them is put back', async () => {
    const { sweepBoth, dropMore, waiting, time } = await withMore();
    await sweepBoth();
    await dropMore('elm.png');
    time.pass(30 * MINUTES);

    await sweepBoth();

    expect(waiting()).toEqual(['elm.png']);
  });

  it('join with nothing of what was in them before, also when they come back', async () => {
    const { sweepBoth, sweepOnce, dropMore, waiting, time } = await withMore();
    await sweepOnce();
    time.pass(2 * DAYS);
    await dropMore('before.png');
    time.pass(HOURS);
    await sweepBoth();
    time.pass(HOURS);
    await sweepOnce();
    await dropMore('meanwhile.png');
    time.pass(HOURS);

    await sweepBoth();
    time.pass(HOURS);
    await sweepBoth();

    expect(waiting()).toEqual([]);
  });
});
