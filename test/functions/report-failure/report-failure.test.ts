import { DescribeExecutionCommand, SFNClient } from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { executionIn, reportFailure, type ReportTools } from '../../../functions/run/report-failure.ts';
import type { MeshdropEvent } from '../../../functions/run/event.ts';
import { createJsonObjects } from '../../../functions/platform/json-store.ts';
import { createRecords, type RunRecord } from '../../../functions/run/record.ts';
import { collectObserved } from '../observed-collector.ts';
import { failedRecord, sendingRecord, storedRecord, submittedRecord } from '../records.ts';
import { ASSETS, openS3 } from '../s3-endpoint.ts';
import { virtualTime } from '../virtual-time.ts';

const sfn = new SFNClient({ region: 'us-east-1' });
const aws = mockClient(sfn);
const { runId } = submittedRecord();

beforeEach(() => aws.reset());

function statusChange(detail: Record<string, unknown>): unknown {
  return {
    version: '0',
    source: 'aws.states',
    'detail-type': 'Step Functions Execution Status Change',
    detail: {
      executionArn: `arn:aws:states:us-east-1:1:execution:Generation:${runId}`,
      stateMachineArn: 'arn:machine',
      name: runId,
      startDate: 1,
      stopDate: 2,
      ...detail,
    },
  };
}

async function report(detail: Record<string, unknown>, standing: RunRecord | undefined = submittedRecord()) {
  const time = virtualTime();
  const s3 = await openS3(time.now);
  const objects = createJsonObjects(s3.s3, ASSETS);
  const events: MeshdropEvent[] = [];
  const observed = collectObserved();
  const tools: ReportTools = {
    objects,
    records: createRecords(objects),
    assetBucket: ASSETS,
    announce: async (event) => void events.push(event),
    sfn,
    now: time.now,
    ...observed,
  };
  if (standing) await tools.records.write(standing, undefined);
  await reportFailure(executionIn(statusChange(detail)), tools);
  return { events, record: (await tools.records.read(runId))?.record, keys: s3.keys() };
}

describe('an execution that failed', () => {
  it.each([
    ['job-failed', 'job-failed'],
    ['job-canceled', 'job-canceled'],
    ['job-lost', 'job-lost'],
    ['JobLostError', 'job-lost'],
    ['DeadlineError', 'deadline'],
    ['UnusableResultError', 'no-model'],
    ['DownloadBrokenError', 'download-broken'],
    ['AssetNotReadyError', 'download-broken'],
    ['ScenarioBusyError', 'download-broken'],
    ['ScenarioUnavailableError', 'download-broken'],
    ['ScenarioAccountError', 'download-broken'],
    ['States.Timeout', 'timed-out'],
    ['Sandbox.Timedout', 'timed-out'],
    ['TypeError', 'internal'],
    ['EventRefusedError', 'internal'],
  ])('with %s is answered as %s', async (error, code) => {
    const cause = JSON.stringify({ errorType: error, errorMessage: 'this is why', trace: ['at x'] });

    const { events, record } = await report({ status: 'FAILED', error, cause });

    expect(record).toMatchObject({ phase: 'failed', failure: { code, reason: 'this is why' } });
    expect(events).toMatchObject([
      { detailType: 'Model Failed', detail: { data: { failure: { code }, job: { jobId: 'job_1' } } } },
    ]);
  });

  it('gives the sentence of a Fail state as it is', async () => {
    const { record } = await report({
      status: 'FAILED',
      error: 'job-failed',
      cause: 'Internal error from the provider',
    });

    expect(record).toMatchObject({ failure: { reason: 'Internal error from the provider' } });
  });

  it('is asked why when the event does not say', async () => {
    aws
      .on(DescribeExecutionCommand)
      .resolves({ error: 'DeadlineError', cause: '{"errorMessage":"too long"}' });

    const { record } = await report({ status: 'FAILED' });

    expect(record).toMatchObject({ failure: { code: 'deadline', reason: 'too long' } });
  });

  it('has some reason even when nobody says one', async () => {
    aws.on(DescribeExecutionCommand).resolves({});

    const { record } = await report({ status: 'FAILED', error: null, cause: null });

    expect(record).toMatchObject({
      failure: { code: 'internal', reason: expect.stringMatching(/./) as string },
    });
  });
});

it.each([
  ['ABORTED', {}, 'aborted'],
  ['ABORTED', { error: 'DeadlineError', cause: 'by hand' }, 'aborted'],
  ['TIMED_OUT', {}, 'timed-out'],
])('an execution that ended %s %o is answered as %s', async (status, detail, code) => {
  const { record, events } = await report({ status, ...detail });

  expect(record).toMatchObject({ phase: 'failed', failure: { code } });
  expect(events).toHaveLength(1);
  expect(aws.calls()).toHaveLength(0);
});

describe('a run that', () => {
  it('is stored all the same is announced as stored', async () => {
    const { record, events } = await report({ status: 'ABORTED' }, storedRecord());

    expect(record?.phase).toBe('stored');
    expect(events).toMatchObject([{ detailType: 'Model Stored' }]);
  });

  it('has failed already keeps its reason and its time', async () => {
    const { record, events } = await report({ status: 'TIMED_OUT' }, failedRecord());

    expect(record).toMatchObject({ failure: { code: 'job-failed' }, finishedAt: failedRecord().finishedAt });
    expect(events).toHaveLength(1);
  });

  it('is being paid for is not buried', async () => {
    const { record, events } = await report({ status: 'ABORTED' }, sendingRecord());

    expect(record?.phase).toBe('sending');
    expect(events).toEqual([]);
  });
});

it('an execution that belongs to no run is left alone', async () => {
  const time = virtualTime();
  const s3 = await openS3(time.now);
  const objects = createJsonObjects(s3.s3, ASSETS);
  const announce = async () => {
    throw new Error('announced');
  };
  const tools = {
    objects,
    records: createRecords(objects),
    assetBucket: ASSETS,
    announce,
    sfn,
    now: time.now,
    ...collectObserved(),
  };

  await reportFailure(executionIn(statusChange({ status: 'FAILED', error: 'x' })), tools);

  expect(s3.keys()).toEqual([]);
});

it.each([{ status: 'SUCCEEDED' }, { status: 'RUNNING' }, { status: 'FAILED', name: 7 }])(
  'an event such as %o is refused',
  (detail) => {
    expect(() => executionIn(statusChange(detail))).toThrow(/detail/);
  },
);
