import { describe, expect, it } from 'vitest';
import { StartExecutionCommand, SFNClient } from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { isFinal, type RecordStore } from '../../../functions/run/record.ts';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { ASSETS, UNVERSIONED_UPLOADS, UPLOADS } from '../s3-endpoint.ts';
import { KEY, openSubmission, type OpenSubmission } from '../submission.ts';
import { png } from '../images.ts';
import { toEvent } from '../../../functions/run/event.ts';
import { AwsUnavailableError } from '../../../functions/platform/errors.ts';
import { DryRunPaidError, ScenarioBusyError } from '../../../functions/scenario/errors.ts';
import { TryLaterError } from '../../../functions/submit-job/errors.ts';
import { manifestKey, recordKey } from '../../../functions/run/keys.ts';

describe('an upload that is fine', () => {
  it('becomes one paid job and a started execution, with everything in the record', async () => {
    const world = await openSubmission();
    const { upload, runId } = await world.drop({ 'tripo-face-limit': '5000' });

    await world.submit(upload);

    const [job] = world.jobs();
    expect(world.jobs()).toHaveLength(1);
    expect(job?.inputs).toMatchObject({ faceLimit: 5000, texture: true, pbr: true, quad: false });
    expect(await world.record(runId)).toMatchObject({
      phase: 'submitted',
      jobId: job?.jobId,
      quote: 37.5,
      submittedAt: '2026-10-05T10:00:00.000Z',
      attempts: 0,
      sends: [{ assetId: job?.image }],
      parameters: { faceLimit: 5000, orientation: 'default' },
      upload: { bucket: UPLOADS, key: KEY, versionId: upload.versionId, contentType: 'image/png' },
    });
    expect(world.started).toMatchObject([{ runId, jobId: job?.jobId }]);
    expect(world.events).toEqual([]);
    expect(world.counts).toEqual([
      ['Submitted', 1],
      ['CuSubmitted', 37.5],
    ]);
  });

  it('has the time of every step in its record', async () => {
    const world = await openSubmission();
    const { upload, runId } = await world.drop();
    const later = <Args extends readonly unknown[], T>(does: (...args: Args) => Promise<T>) => {
      return async (...args: Args) => {
        world.time.pass(1);
        return await does(...args).finally(() => world.time.pass(2));
      };
    };
    const { scenario } = world;
    const quote = later((input: Parameters<typeof scenario.quote>[0]) => scenario.quote(input));
    const generate = later((input: Parameters<typeof scenario.generate>[0]) => scenario.generate(input));

    await world.submit(upload, { scenario: { ...scenario, quote, generate } });

    expect(await world.record(runId)).toMatchObject({
      claimedAt: '2026-10-05T10:00:00.000Z',
      quotedAt: '2026-10-05T10:00:03.000Z',
      submittedAt: '2026-10-05T10:00:03.000Z',
      acceptedAt: '2026-10-05T10:00:06.000Z',
    });
  });

  it('takes the sequencer for a version where the bucket has none', async () => {
    const world = await openSubmission();
    const upload = await world.s3.put(UNVERSIONED_UPLOADS, KEY, await png());

    await world.submit(upload);
    await world.submit({ ...upload, sequencer: '0062E99A88DC407461' });

    expect(world.started).toHaveLength(2);
    expect(world.started[0]?.runId).not.toBe(world.started[1]?.runId);
    expect(world.started[0]?.upload.versionId).toBeUndefined();
  });

  it('is not paid again when its message comes again', async () => {
    const world = await openSubmission();
    const { upload } = await world.drop();
    await world.submit(upload);

    await world.submit(upload);

    expect(world.jobs()).toHaveLength(1);
    expect(world.started).toHaveLength(2);
    expect(world.requests()).toMatchObject({ createAsset: 1, dryRun: 1, generate: 1 });
  });

  it('is paid once by two invocations at the same moment', async () => {
    const world = await openSubmission();
    const { upload, runId } = await world.drop();

    await Promise.all([world.submit(upload), world.submit(upload)]);

    expect(world.jobs()).toHaveLength(1);
    expect(await world.record(runId)).toMatchObject({ phase: 'submitted', jobId: world.jobs()[0]?.jobId });
    expect(world.started.length).toBeGreaterThan(0);
    expect(world.counts.filter(([name]) => name === 'DuplicateJob')).toEqual([]);
  });

  it('is started from the record when the first start did not work', async () => {
    const world = await openSubmission();
    const { upload, runId } = await world.drop();
    const sfn = new SFNClient({ region: 'us-east-1' });
    mockClient(sfn).on(StartExecutionCommand).rejects(new Error('throttled'));
    await expect(world.submit(upload, { sfn })).rejects.toThrow('throttled');

    await world.submit(upload);

    expect(world.jobs()).toHaveLength(1);
    expect(world.started).toMatchObject([{ runId, jobId: world.jobs()[0]?.jobId }]);
    expect(await world.record(runId)).toMatchObject({ phase: 'submitted', attempts: 0 });
  });
});

describe('an upload that is refused', () => {
  const refusals = [
    ['an empty file', 'empty', {}, ''],
    ['a text', 'not-an-image', {}, 'hello'],
    ['an unknown parameter', 'unknown-parameter', { 'tripo-face-limt': '5' }, undefined],
    ['a bad value', 'bad-parameter', { 'tripo-quad': 'yes' }, undefined],
    ['a conflict', 'parameter-conflict', { 'tripo-generate-parts': 'true', 'tripo-quad': 'true' }, undefined],
  ] as const;
  it.each(refusals)('%s is answered with manifest and event, and starts nothing', async (_, code, metadata, body) => {
    const world = await openSubmission();
    const { upload, runId } = await world.drop(metadata, KEY, body);

    await world.submit(upload);

    expect(await world.record(runId)).toMatchObject({ phase: 'rejected', failure: { code } });
    expect(await world.manifest(runId)).toMatchObject({
      status: 'rejected',
      assets: [],
      failure: { code },
    });
    expect(world.events).toMatchObject([
      { detailType: 'Upload Rejected', detail: { metadata: { runId }, data: { failure: { code } } } },
    ]);
    expect(world.requests()).toEqual({});
    expect(world.counts).toEqual([['Rejected', 1]]);
  });

  it('is told that it would be too dear, with both numbers, and nothing is paid', async () => {
    const world = await openSubmission();
    const { upload, runId } = await world.drop({ 'tripo-texture-quality': 'extreme' });

    await world.submit(upload, { settings: { maxCuPerRun: 62 } });

    const record = await world.record(runId);
    expect(record).toMatchObject({ phase: 'rejected', failure: { code: 'over-cu-limit' } });
    expect(await world.manifest(runId)).toMatchObject({
      quote: 62.5,
      timings: { quotedAt: '2026-10-05T10:00:00.000Z' },
    });
    expect(record && isFinal(record) && 'failure' in record && record.failure.reason).toMatch(/62\.5.*62/);
    expect(world.jobs()).toEqual([]);
  });

  it('may cost exactly what is allowed', async () => {
    const world = await openSubmission();
    const { upload } = await world.drop();

    await world.submit(upload, { settings: { maxCuPerRun: 37.5 } });

    expect(world.jobs()).toHaveLength(1);
  });

  it('is told what Scenario said of its image', async () => {
    const world = await openSubmission({
      faults: [{ on: 'generate', what: 'bad-request', reason: 'Input image shows nothing' }],
    });
    const { upload, runId } = await world.drop();

    await world.submitUntilDone(upload);

    expect(await world.record(runId)).toMatchObject({
      phase: 'rejected',
      failure: { code: 'refused-by-scenario', reason: 'Input image shows nothing' },
    });
    expect(world.requests()).toMatchObject({ generate: 1, listJobs: 4 });
    expect(world.jobs()).toEqual([]);
    expect(world.events).toMatchObject([{ detailType: 'Upload Rejected' }]);
  });

  it('is answered as deleted when its version is gone', async () => {
    const world = await openSubmission();
    const { upload, runId } = await world.drop();
    await world.s3.s3.send(new DeleteObjectCommand({ Bucket: UPLOADS, Key: KEY, VersionId: upload.versionId }));

    await world.submit(upload);

    expect(await world.manifest(runId)).toMatchObject({
      status: 'failed',
      failure: { code: 'upload-deleted' },
    });
    expect(world.events).toMatchObject([{ detailType: 'Model Failed' }]);
    expect(world.requests()).toEqual({});
  });

  it('is announced by the next delivery if the first announcement was lost, and not again after that', async () => {
    const world = await openSubmission();
    const { upload, runId } = await world.drop({}, KEY, 'hello');
    const announce = async () => {
      throw new Error('the bus is away');
    };
    await expect(world.submit(upload, { runs: { announce } })).rejects.toThrow('the bus is away');

    await world.submit(upload);
    await world.submit(upload);

    expect(world.events).toHaveLength(1);
    expect(await world.manifest(runId)).toMatchObject({ status: 'rejected' });
    expect(await world.record(runId)).toMatchObject({ attempts: 0 });
  });

  it('is not announced again once the bus has its event', async () => {
    const world = await openSubmission();
    const { upload } = await world.drop();
    await world.s3.s3.send(new DeleteObjectCommand({ Bucket: UPLOADS, Key: KEY, VersionId: upload.versionId }));
    await world.submit(upload);

    await world.submit(upload);

    expect(world.events.map(({ detailType }) => detailType)).toEqual(['Model Failed']);
  });
});

describe('a record that stands already', () => {
  /** Brings the run's record to `submitted` and then to this end. */
  async function ended(world: OpenSubmission, phase: 'stored' | 'failed', announced?: true) {
    const { upload, runId } = await world.drop();
    await world.submit(upload);
    const kept = await world.records.read(runId);
    if (kept?.record.phase !== 'submitted') throw new Error('not submitted');
    const finishedAt = '2026-10-05T10:05:00.000Z';
    const end =
      phase === 'stored' ? { phase, assets: [] } : { phase, failure: { code: 'job-failed' as const, reason: 'no' } };
    await world.records.end(kept, { ...kept.record, ...end, finishedAt, announced });
    world.started.length = 0;
    return { upload, runId };
  }

  it.each(['stored', 'failed'] as const)('is left alone if it is %s and announced', async (phase) => {
    const world = await openSubmission();
    const { upload } = await ended(world, phase, true);

    await world.submit(upload);

    expect(world.started).toEqual([]);
    expect(world.events).toEqual([]);
    expect(world.jobs()).toHaveLength(1);
  });

  it.each(['stored', 'failed'] as const)('is announced if it is %s and was not yet', async (phase) => {
    const world = await openSubmission();
    const { upload, runId } = await ended(world, phase);

    await world.submit(upload);

    expect(world.started).toEqual([]);
    expect(world.events).toMatchObject([{ detail: { metadata: { runId } } }]);
    expect(await world.record(runId)).toMatchObject({ phase, announced: true });
    expect(world.jobs()).toHaveLength(1);
  });

  it('is held and never written if it cannot be understood, and the alarm rings', async () => {
    const world = await openSubmission();
    const { upload, runId } = await world.drop();
    const newer = { schemaVersion: '2.0', runId, phase: 'dreaming' };
    await world.documents.write(recordKey(runId), newer);

    for (let times = 0; times < 7; times += 1)
      await expect(world.submit(upload)).rejects.toMatchObject({ name: 'TryLaterError', inSeconds: 900 });

    expect((await world.documents.read(recordKey(runId)))?.value).toEqual(newer);
    expect(world.counts).toContainEqual(['RecordUnreadable', 1]);
    expect(world.requests()).toEqual({});
  });

  it('goes on from a claim that an invocation left behind', async () => {
    const world = await openSubmission();
    const { upload, runId } = await world.drop();
    const generate = async () => {
      throw new ScenarioBusyError('full', { refused: { status: 429, isOwn: true } });
    };
    const scenario = { ...world.scenario, generate };
    await expect(world.submit(upload, { scenario })).rejects.toThrow(TryLaterError);
    expect(await world.record(runId)).toMatchObject({ phase: 'claimed', sends: [{ refusal: { kind: 'busy' } }] });

    await world.submitUntilDone(upload);

    expect(world.jobs()).toHaveLength(1);
    expect((await world.record(runId))?.sends).toHaveLength(2);
  });

  it('buys nothing when the record is gone but the manifest is there', async () => {
    const world = await openSubmission();
    const { upload, runId } = await world.drop();
    await world.documents.write(manifestKey(KEY, runId), { status: 'stored' });

    await world.submit(upload);

    expect(world.requests()).toEqual({});
    expect(await world.record(runId)).toBeUndefined();
  });

  it('buys nothing when the record is gone but the execution of the run is there', async () => {
    const world = await openSubmission();
    const { upload, runId } = await world.drop();
    await world.submit(upload);
    await world.s3.s3.send(new DeleteObjectCommand({ Bucket: ASSETS, Key: recordKey(runId) }));

    await world.submit(upload);

    expect(world.jobs()).toHaveLength(1);
    expect(await world.record(runId)).toBeUndefined();
  });

  it('buys nothing when the record is gone and the manifest cannot be looked for at first', async () => {
    const world = await openSubmission();
    const { upload, runId } = await world.drop();
    await world.documents.write(manifestKey(KEY, runId), { status: 'stored' });
    const exists = async () => {
      throw new Error('S3 is not well');
    };
    const documents = { ...world.documents, exists };
    await expect(world.submit(upload, { runs: { documents } })).rejects.toThrow('S3 is not well');

    await world.submit(upload);

    expect(world.jobs()).toEqual([]);
    expect(world.s3.keys()).toEqual([manifestKey(KEY, runId)]);
  });
});

describe('while Scenario refuses', () => {
  const ceiling = { on: 'generate', what: 'ceiling' } as const;

  it('sends again after four looks at an empty list have proved that no job came of the refused send', async () => {
    const world = await openSubmission({ faults: [ceiling] });
    const { upload, runId } = await world.drop();

    const invocations = await world.submitUntilDone(upload);

    expect(invocations).toBe(2);
    expect(world.jobs()).toHaveLength(1);
    expect(world.time.slept).toEqual([15_000, 15_000, 15_000]);
    // The looks, and one to see whether the ceiling is still full.
    expect(world.requests()).toMatchObject({ generate: 2, listJobs: 5 });
    const sends = (await world.record(runId))?.sends ?? [];
    expect(sends).toMatchObject([{ noJob: true, refusal: { kind: 'busy', own: true, status: 429 } }, {}]);
    expect(sends[1]).not.toHaveProperty('noJob');
  });

  it.each([400, 402, 403, 422, 429] as const)(
    'adopts the job of a send that was answered %i and taken',
    async (status) => {
      const world = await openSubmission({ faults: [{ on: 'generate', what: 'refused-but-taken', status }] });
      const { upload, runId } = await world.drop();

      await world.submitUntilDone(upload);

      const [job] = world.jobs();
      expect(world.jobs()).toHaveLength(1);
      expect(await world.record(runId)).toMatchObject({ phase: 'submitted', jobId: job?.jobId });
      expect(world.started).toMatchObject([{ runId, jobId: job?.jobId }]);
    },
  );

  it('waits longer after each refusal', async () => {
    const gateway = { on: 'generate', what: 'bad-request', reason: 'Bad Request' } as const;
    const world = await openSubmission({ faults: [{ ...gateway, times: 4 }], errorBodyShape: 'message' });
    const { upload, runId } = await world.drop();

    await world.submitUntilDone(upload);

    const times = ((await world.record(runId))?.sends ?? []).map(({ sentAt }) => Date.parse(sentAt) / 1000);
    const spaces = times.slice(1).map((time, n) => time - (times[n] ?? 0));
    expect(spaces.map(Math.round)).toEqual([195, 195, 345, 645]);
  });

  it('begins again at the call that failed: the image is read once and uploaded once for its price', async () => {
    const world = await openSubmission({ faults: [{ on: 'dryRun', what: 'too-many-requests', times: 3 }] });
    const { upload } = await world.drop();
    const reads = () => world.s3.requests.filter((request) => request.includes(`versionId=${upload.versionId}`));

    await world.submit(upload);

    expect(reads()).toHaveLength(1);
    expect(world.requests()).toMatchObject({ createAsset: 1, dryRun: 4, generate: 1 });
    expect(world.jobs()).toHaveLength(1);
  });

  it('takes a fresh input asset for every send', async () => {
    const world = await openSubmission({ faults: [{ ...ceiling, times: 2 }] });
    const { upload, runId } = await world.drop();

    await world.submitUntilDone(upload);

    const sends = (await world.record(runId))?.sends ?? [];
    expect(new Set(sends.map(({ assetId }) => assetId)).size).toBe(3);
    expect(new Set(sends.map(({ sentBy }) => sentBy)).size).toBe(3);
  });

  it('asks the price again when the parameters have changed meanwhile', async () => {
    const world = await openSubmission({
      faults: [{ on: 'generate', what: 'cooldown', remainingSeconds: 200 }],
    });
    const { upload } = await world.drop();
    await expect(world.submit(upload)).rejects.toMatchObject({ inSeconds: 200 });
    world.time.pass(200);
    const parameterSettings = { defaults: { quad: true }, presets: {} };

    await world.submitUntilDone(upload, { settings: { parameterSettings, maxCuPerRun: 40 } });

    expect(world.requests()).toMatchObject({ dryRun: 2 });
    expect(world.jobs()).toEqual([]);
    expect(world.events).toMatchObject([{ detail: { data: { failure: { code: 'over-cu-limit' } } } }]);
  });

  it('waits for an input asset that Scenario does not find yet, and asks with the same one again', async () => {
    const world = await openSubmission({ inputVisibleAfterSeconds: 40 });
    const { upload } = await world.drop();

    await world.submit(upload);

    expect(world.jobs()).toHaveLength(1);
    expect(world.requests()).toMatchObject({ createAsset: 1, dryRun: 5, generate: 1 });
  });

  it('rejects an upload whose input asset is still not found after two minutes', async () => {
    const world = await openSubmission({ inputVisibleAfterSeconds: 10_000 });
    const { upload, runId } = await world.drop();

    await world.submit(upload);

    expect(await world.record(runId)).toMatchObject({ phase: 'rejected', failure: { code: 'refused-by-scenario' } });
    expect(world.requests()).toMatchObject({ createAsset: 1 });
    expect(world.jobs()).toEqual([]);
  });

  it.each(['unauthorized', 'out-of-credits', 'plan-too-small', 'not-found'] as const)(
    'rejects no image for what is the account: %s',
    async (what) => {
      const world = await openSubmission({ faults: [{ on: 'generate', what }] });
      const { upload } = await world.drop();

      await world.submitUntilDone(upload);

      expect(world.counts).toContainEqual(['AccountRefused', 1]);
      expect(world.jobs()).toHaveLength(1);
      expect(world.events).toEqual([]);
    },
  );

  it('holds every other upload behind the gate, and one of them probes a quarter of an hour later', async () => {
    const world = await openSubmission({ creditsLeft: 0 });
    const first = await world.drop();
    await expect(world.submit(first.upload)).rejects.toThrow(TryLaterError);
    const other = await world.drop({}, 'chairs/another.png');

    await expect(world.submit(other.upload)).rejects.toMatchObject({ name: 'TryLaterError', inSeconds: 0 });
    expect(world.requests()).toMatchObject({ createAsset: 1, generate: 1 });
    expect(await world.record(other.runId)).toMatchObject({ phase: 'claimed', attempts: 0, sends: [] });

    world.standIn.setOptions({ creditsLeft: null });
    world.time.pass(900);
    await world.submit(other.upload);
    expect(world.jobs()).toHaveLength(1);
    await world.submitUntilDone(first.upload);
    expect(world.jobs()).toHaveLength(2);
  });

  it('knocks at a full ceiling only when fewer jobs run than it allows', async () => {
    const world = await openSubmission({ concurrencyCeiling: 1, jobSeconds: 200 });
    const uploads = [await world.drop(), await world.drop({}, 'b.png'), await world.drop({}, 'c.png')];
    const [first, second, third] = uploads.map(({ upload }) => upload);
    if (!first || !second || !third) throw new Error('not dropped');
    await world.submit(first);
    await expect(world.submit(second)).rejects.toThrow(TryLaterError);

    await world.submit(third);

    expect(world.jobs()).toHaveLength(2);
    expect(world.requests()).toMatchObject({ generate: 3 });
  });

  it('tries again what never reached Scenario, at once clear of all uncertainty', async () => {
    const world = await openSubmission();
    const { upload, runId } = await world.drop();
    let refused = 0;
    const refusing: typeof fetch = async (input, init) => {
      if ((input instanceof Request ? input.url : input.toString()).endsWith('image-to-3d') && (refused += 1) === 1)
        throw new TypeError('fetch failed', {
          cause: Object.assign(new Error(), { code: 'ECONNREFUSED', syscall: 'connect' }),
        });
      return await fetch(input, init);
    };
    const scenario = world.scenarioWith(refusing);

    await world.submit(upload, { scenario });

    expect(refused).toBe(2);
    expect(world.jobs()).toHaveLength(1);
    expect(await world.record(runId)).toMatchObject({ phase: 'submitted' });
  });
});

describe('an upload that may not be read', () => {
  it('is held until somebody fixes the policy, and counts as no error', async () => {
    const world = await openSubmission();
    const { upload, runId } = await world.drop();
    let allowed = false;
    const forbidden = new AwsUnavailableError('AccessDenied', { isRefusal: true });
    const send = async (...args: Parameters<typeof world.s3.s3.send>) => {
      if (!allowed) throw forbidden;
      return world.s3.s3.send(...args);
    };
    const s3 = { send } as unknown as typeof world.s3.s3;

    for (let times = 0; times < 6; times += 1)
      await expect(world.submit(upload, { s3 })).rejects.toThrow(TryLaterError);

    expect(await world.record(runId)).toBeUndefined();
    expect(world.events).toEqual([]);

    allowed = true;
    await world.submit(upload, { s3 });

    expect(world.jobs()).toHaveLength(1);
  });
});

describe('the time that is left', () => {
  it('is enough to pay in, or nothing is sent', async () => {
    const world = await openSubmission();
    const { upload, runId } = await world.drop();
    const quote: typeof world.scenario.quote = async (input) => {
      world.time.pass(211);
      return await world.scenario.quote(input);
    };

    await expect(world.submit(upload, { scenario: { ...world.scenario, quote } })).rejects.toThrow(TryLaterError);

    expect(world.jobs()).toEqual([]);
    expect(await world.record(runId)).toMatchObject({ phase: 'claimed', sends: [] });
  });

  it('counts from winning the record: later than 10 s after it nothing is sent', async () => {
    const world = await openSubmission();
    const { upload, runId } = await world.drop();
    const replace: RecordStore['replace'] = async (standing, record) => {
      const written = await world.records.replace(standing, record);
      if (record.phase === 'sending') world.time.pass(10.001);
      return written;
    };
    const records = { ...world.records, replace };

    await expect(world.submit(upload, { runs: { records } })).rejects.toThrow(TryLaterError);

    expect(world.requests()['generate']).toBeUndefined();
    expect(await world.record(runId)).toMatchObject({ phase: 'claimed', sends: [{ noJob: true }] });
  });

  it('is looked at again after winning', async () => {
    const world = await openSubmission();
    const { upload, runId } = await world.drop();
    let remaining = 90_000;
    const replace: RecordStore['replace'] = async (standing, record) => {
      const written = await world.records.replace(standing, record);
      if (record.phase === 'sending') remaining = 89_999;
      return written;
    };
    const changed = { runs: { records: { ...world.records, replace } }, remainingMs: () => remaining };

    await expect(world.submit(upload, changed)).rejects.toThrow(TryLaterError);

    expect(world.requests()['generate']).toBeUndefined();
    expect(await world.record(runId)).toMatchObject({ phase: 'claimed' });
  });
});

describe('an unexpected error', () => {
  const broken = async () => {
    throw new Error('a fault of ours');
  };

  it('is counted, and the fifth answers the run as failed', async () => {
    const world = await openSubmission();
    const { upload, runId } = await world.drop();
    const scenario = { ...world.scenario, quote: broken };

    for (let attempts = 1; attempts < 5; attempts += 1) {
      await expect(world.submit(upload, { scenario })).rejects.toThrow('a fault of ours');
      expect(await world.record(runId)).toMatchObject({ phase: 'claimed', attempts });
    }
    await world.submit(upload, { scenario });

    expect(await world.record(runId)).toMatchObject({ phase: 'failed', attempts: 5 });
    expect(await world.manifest(runId)).toMatchObject({ status: 'failed', failure: { code: 'internal' } });
    expect(world.events).toMatchObject([{ detailType: 'Model Failed' }]);
    expect(world.jobs()).toEqual([]);
  });

  it('is counted before there is a record, too', async () => {
    const world = await openSubmission();
    const { upload, runId } = await world.drop();
    const s3 = { send: broken } as unknown as typeof world.s3.s3;

    for (let attempts = 1; attempts < 5; attempts += 1)
      await expect(world.submit(upload, { s3 })).rejects.toThrow('a fault of ours');
    await world.submit(upload, { s3 });

    expect(await world.record(runId)).toMatchObject({ phase: 'failed', failure: { code: 'internal' } });
    expect(world.events).toHaveLength(1);
  });

  it('never buries what may have been paid: from `sending` the run is not answered', async () => {
    const world = await openSubmission({ faults: [{ on: 'generate', what: 'cut-before' }] });
    const { upload, runId } = await world.drop();
    const jobPages = () => {
      throw new Error('a fault of ours');
    };
    const scenario = { ...world.scenario, jobPages };

    for (let times = 0; times < 7; times += 1)
      await expect(world.submit(upload, { scenario })).rejects.toThrow('a fault of ours');

    expect(await world.record(runId)).toMatchObject({ phase: 'sending', attempts: 0 });
    expect(world.events).toEqual([]);
  });

  it('after the payment loses nothing: the job is adopted from the list', async () => {
    const world = await openSubmission();
    const { upload, runId } = await world.drop();
    const replace: RecordStore['replace'] = async (standing, record) => {
      if (record.phase === 'submitted') throw new Error('S3 is not well');
      return await world.records.replace(standing, record);
    };
    const records = { ...world.records, replace };
    await expect(world.submit(upload, { runs: { records } })).rejects.toThrow('S3 is not well');
    expect(await world.record(runId)).toMatchObject({ phase: 'sending' });

    await world.submit(upload);

    expect(world.jobs()).toHaveLength(1);
    expect(world.started).toMatchObject([{ runId, jobId: world.jobs()[0]?.jobId }]);
  });
});

describe('a large image', () => {
  it('is uploaded in parts and still paid once', async () => {
    const world = await openSubmission();
    const { upload } = await world.drop({}, KEY, Buffer.concat([await png(), Buffer.alloc(6_000_000)]));

    await world.submit(upload);

    expect(world.requests()).toMatchObject({ createUpload: 1, putPart: 1, completeUpload: 1, generate: 1 });
    expect(world.jobs()).toHaveLength(1);
  });

  it('whose import hangs is tried again, then rejected in words about the image, and nothing is paid', async () => {
    const stuck = { on: 'completeUpload', what: 'upload-stuck' } as const;
    const world = await openSubmission({ faults: Array.from({ length: 5 }, () => stuck) });
    const { upload, runId } = await world.drop({}, KEY, Buffer.concat([await png(), Buffer.alloc(6_000_000)]));

    await expect(world.submit(upload)).rejects.toThrow(/has not accepted the image/);
    expect(await world.record(runId)).toMatchObject({ phase: 'claimed', attempts: 1 });
    for (let attempts = 2; attempts <= 4; attempts += 1)
      await expect(world.submit(upload)).rejects.toThrow(/has not accepted/);
    await world.submit(upload);

    expect(await world.record(runId)).toMatchObject({
      phase: 'rejected',
      failure: { code: 'refused-by-scenario', reason: expect.stringContaining('in 5 attempts') as string },
    });
    expect(world.jobs()).toEqual([]);
  });
});

it('the event of a rejected upload is the one its record gives', async () => {
  const world = await openSubmission();
  const { upload, runId } = await world.drop({}, KEY, 'hello');

  await world.submit(upload);

  const record = await world.record(runId);
  if (!record || !isFinal(record)) throw new Error('not ended');
  expect(world.events).toEqual([toEvent(record, { bucket: ASSETS, key: manifestKey(KEY, runId) })]);
  expect(world.s3.keys().toSorted()).toEqual([manifestKey(KEY, runId), recordKey(runId)].toSorted());
});

it.each(['in its answer', 'in the job list alone'])(
  'a dry run that starts a job is asked for once, and the job becomes the one of the run: found %s',
  async (where) => {
    const world = await openSubmission();
    world.standIn.setOptions({ dryRunPays: true });
    const { upload, runId } = await world.drop();
    const { scenario } = world;
    const unreadable = async (input: Parameters<typeof scenario.quote>[0]) => {
      await scenario.quote(input).catch(() => undefined);
      throw new DryRunPaidError('paid', { assetId: input.assetId, jobId: undefined, cu: undefined });
    };
    const changed = where === 'in its answer' ? {} : { quote: unreadable };

    await world.submit(upload, { scenario: { ...scenario, ...changed } });
    await world.submit(upload);

    const [job] = world.jobs();
    expect(world.jobs()).toHaveLength(1);
    expect(world.requests()).toMatchObject({ dryRun: 1 });
    expect(world.requests()).not.toHaveProperty('generate');
    expect('listJobs' in world.requests()).toBe(where !== 'in its answer');
    expect(await world.record(runId)).toMatchObject({
      phase: 'submitted',
      jobId: job?.jobId,
      sends: [{ assetId: job?.image }],
    });
    expect(world.counts).toContainEqual(['AccountRefused', 1]);
  },
);

describe('a run that a gateway keeps refusing', () => {
  it('waits a day between its sends after twenty refusals, until an operator releases it', async () => {
    const world = await openSubmission();
    const { upload, runId } = await world.drop();
    await world.submit(upload);
    const standing = await world.records.read(runId);
    if (standing?.record.phase !== 'submitted') throw new Error('not submitted');
    const { jobId: _, submittedAt: __, acceptedAt: ___, sends, ...rest } = standing.record;
    const at = new Date(world.time.now()).toISOString();
    const refusal = { at, status: 403, own: false, kind: 'account', reason: 'Forbidden' } as const;
    const refused = Array.from({ length: 20 }, (_none, n) => {
      return { assetId: `asset_${n}`, sentAt: at, sentBy: 'x', refusal, noJob: true };
    });
    const held = { ...rest, phase: 'claimed', sends: refused, readyAsset: undefined };
    await world.s3.put(ASSETS, recordKey(runId), JSON.stringify(held));
    expect(sends).toHaveLength(1);

    world.time.pass(4 * 3600);
    await expect(world.submit(upload)).rejects.toMatchObject({ name: 'TryLaterError', inSeconds: 20 * 3600 });
    expect(world.counts).toContainEqual(['ManySends', 1]);

    const releasedAt = new Date(world.time.now()).toISOString();
    await world.s3.put(ASSETS, recordKey(runId), JSON.stringify({ ...held, releasedAt }));
    await world.submit(upload);
    expect(await world.record(runId)).toMatchObject({ phase: 'submitted' });
  });
});
