import { describe, expect, it } from 'vitest';
import { KEY } from '../submission.ts';
import { openSweep } from '../sweeping.ts';
import type { Claimed } from '../../../functions/submit-job/pay-once.ts';
import { uploadMessage } from '../../../functions/run/upload.ts';

type World = Awaited<ReturnType<typeof openSweep>>;

/** An upload whose message was received too often, after so many unexpected errors. */
async function dead(world: World, errors: number, key = KEY) {
  const { upload, runId } = await world.drop({}, key);
  const { versionId = '' } = upload;
  const scenario = { ...world.scenario, quote: () => Promise.reject(new Error('ours')) };
  for (let times = 0; times < Math.min(errors, 4); times += 1)
    await world.submit(upload, { scenario }).catch(() => undefined);
  if (errors > 4) {
    // The fifth is counted, and the function dies before it can answer.
    const kept = await world.records.read(runId);
    if (!kept) throw new Error('no record');
    const claimed = kept.record.phase === 'claimed' && (kept as Claimed);
    if (claimed) await world.records.replace(claimed, { ...claimed.record, attempts: 5 });
  }
  const body = uploadMessage({ ...upload, versionId });
  await world.deadUploads.send(body);
  return { upload, runId, body };
}

describe('a dead upload', () => {
  it('goes back to the queue as it was, and becomes a job', async () => {
    const world = await openSweep();
    const { runId, body } = await dead(world, 4);

    await world.sweepOnce();

    expect(world.uploads.messages()).toMatchObject([{ body }]);
    expect(world.deadUploads.messages()).toEqual([]);
    expect(world.counts).toContainEqual(['PutBack', 1]);

    await world.deliver();
    expect(world.started).toMatchObject([{ runId }]);
  });

  it('whose errors were too many goes back, too, and SubmitJob ends its run', async () => {
    const world = await openSweep();
    const { runId } = await dead(world, 5);

    await world.sweepOnce();
    await world.deliver();

    expect(await world.manifest(runId)).toMatchObject({ status: 'failed', failure: { code: 'internal' } });
    expect(world.events).toMatchObject([{ detailType: 'Model Failed' }]);
    expect(world.jobs()).toEqual([]);
    expect(world.deadUploads.messages()).toEqual([]);
  });

  it('that cannot be read stays, and the others do not', async () => {
    const world = await openSweep();
    await world.deadUploads.send('no upload');
    await dead(world, 0);

    await world.sweepOnce();

    expect(world.deadUploads.messages()).toMatchObject([{ body: 'no upload' }]);
    expect(world.waiting()).toEqual([KEY]);
    expect(world.lines.join('\n')).toContain('a dead letter stays');
  });

  it('stays when it could not be put back', async () => {
    const world = await openSweep();
    await dead(world, 0);
    const queueUrls = { ...world.queueUrls, uploads: 'http://127.0.0.1/000000000000/Nowhere' };

    await expect(world.sweepOnce({ queueUrls })).rejects.toThrow(/queue/);

    expect(world.deadUploads.messages()).toHaveLength(1);
  });

  it('is one of many, and all are taken', async () => {
    const world = await openSweep();
    for (let n = 0; n < 23; n += 1) await dead(world, 0, `${n}.png`);

    await world.sweepOnce();

    expect(world.waiting()).toHaveLength(23);
    expect(world.deadUploads.messages()).toEqual([]);
  });
});

describe('a dead report', () => {
  const report = (name: string) =>
    JSON.stringify({
      'detail-type': 'Step Functions Execution Status Change',
      detail: { executionArn: `arn:of:${name}`, name, status: 'ABORTED' },
    });

  it('goes back to its queue, and ReportFailure concludes the run', async () => {
    const world = await openSweep();
    const { upload, runId } = await world.drop();
    await world.submit(upload);
    await world.deadReports.send(report(runId));

    await world.sweepOnce();
    expect(world.reports.messages()).toMatchObject([{ body: report(runId) }]);
    expect(world.deadReports.messages()).toEqual([]);
    expect(world.events).toEqual([]);
    await world.deliverReports();

    expect(await world.manifest(runId)).toMatchObject({ status: 'failed', failure: { code: 'aborted' } });
    expect(world.events).toMatchObject([{ detailType: 'Model Failed' }]);
  });

  it('that cannot be read stays', async () => {
    const world = await openSweep();
    await world.deadReports.send('no report');

    await world.sweepOnce();

    expect(world.deadReports.messages()).toMatchObject([{ body: 'no report' }]);
    expect(world.reports.messages()).toEqual([]);
  });
});
