import { DescribeExecutionCommand, SFNClient } from '@aws-sdk/client-sfn';
import type { Context, SQSRecord } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { collectTelemetry } from '../telemetry-collector.ts';
import { failedRecord, modelAsset, sendingRecord, storedRecord, submittedRecord } from '../records.ts';
import { ASSETS, openS3 } from '../s3-endpoint.ts';
import { mockedClients } from '../submission.ts';
import { virtualTime } from '../virtual-time.ts';
import { createReportFailure } from '../../../functions/report-failure/report-failure.ts';
import { createJsonStore } from '../../../functions/platform/json-store.ts';
import { createRecordStore, type RunRecord } from '../../../functions/run/record.ts';
import { recordKey } from '../../../functions/run/keys.ts';
import type { MeshdropEvent } from '../../../functions/contract/schemas.ts';

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
  const events: MeshdropEvent[] = [];
  const { telemetry } = collectTelemetry();
  const env = { ASSET_BUCKET: ASSETS, EVENT_BUS_NAME: 'default' };
  const clients = { ...mockedClients(events), s3: s3.s3, sfn };
  const documents = createJsonStore(s3.s3, ASSETS);
  if (standing) await documents.write(recordKey(standing.runId), standing);
  const body = JSON.stringify(statusChange(detail));
  const message = { messageId: 'm1', body } as SQSRecord;
  const { batchItemFailures } = await createReportFailure(env, clients, time, { telemetry })(
    { Records: [message] },
    {} as Context,
  );
  const record = (await createRecordStore(documents).read(runId))?.record;
  return { events, record, keys: s3.keys(), returned: batchItemFailures };
}

describe('an execution that failed', () => {
  it.each([
    ['job-failed', 'job-failed'],
    ['job-canceled', 'job-canceled'],
    ['job-lost', 'job-lost'],
    ['deadline', 'deadline'],
    ['no-model', 'no-model'],
    ['too-many-assets', 'too-many-assets'],
    ['download-broken', 'download-broken'],
    ['DownloadBrokenError', 'download-broken'],
    ['AssetNotReadyError', 'download-broken'],
    ['ScenarioBusyError', 'download-broken'],
    ['ScenarioUnavailableError', 'download-broken'],
    ['ScenarioAccountError', 'download-broken'],
    ['States.Timeout', 'timed-out'],
    ['Sandbox.Timedout', 'timed-out'],
    ['TypeError', 'internal'],
    ['AwsUnavailableError', 'internal'],
    ['DocumentUnreadableError', 'internal'],
  ])('with %s is reported as %s', async (error, code) => {
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
    aws.on(DescribeExecutionCommand).resolves({ error: 'deadline', cause: '{"errorMessage":"too long"}' });

    const { record } = await report({ status: 'FAILED' });

    expect(record).toMatchObject({ failure: { code: 'deadline', reason: 'too long' } });
  });

  it('has a reason even if none is given', async () => {
    aws.on(DescribeExecutionCommand).resolves({});

    const { record } = await report({ status: 'FAILED', error: null, cause: null });

    expect(record).toMatchObject({
      failure: { code: 'internal', reason: expect.stringMatching(/./) as string },
    });
  });
});

it.each([
  ['ABORTED', 'aborted', {}],
  ['ABORTED', 'aborted', { error: 'deadline', cause: 'by hand' }],
  ['TIMED_OUT', 'timed-out', {}],
])('an execution that ended %s is reported as %s', async (status, code, detail) => {
  const { record, events } = await report({ status, ...detail });

  expect(record).toMatchObject({ phase: 'failed', failure: { code } });
  expect(events).toHaveLength(1);
  expect(aws.calls()).toHaveLength(0);
});

describe('a run that', () => {
  it('is stored anyway is announced as stored', async () => {
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
  const { events, keys, returned } = await report({ status: 'FAILED', error: 'x', name: 'by-hand' });

  expect(events).toEqual([]);
  expect(keys).toEqual([recordKey(runId)]);
  expect(returned).toEqual([]);
});

it.each([
  ['a success', { status: 'SUCCEEDED' }],
  ['an execution that runs', { status: 'RUNNING' }],
  ['a name that is not a string', { status: 'FAILED', name: 7 }],
])('a report of %s returns to the queue', async (_, detail) => {
  const { events, returned } = await report(detail);

  expect(returned).toEqual([{ itemIdentifier: 'm1' }]);
  expect(events).toEqual([]);
});

it('a run whose record cannot be understood returns to the queue, and its record is not written', async () => {
  const newer = { schemaVersion: '2.0', runId } as unknown as RunRecord;

  await expect(report({ status: 'FAILED', error: 'x' }, newer)).rejects.toThrow(/cannot be understood/);
});

it('a failed run keeps the files that StoreAssets has recorded', async () => {
  const kept = { ...submittedRecord(), assets: [modelAsset], missing: [{ assetId: 'asset_2', reason: 'cut' }] };

  const { record } = await report({ status: 'FAILED', error: 'no-model' }, kept);

  expect(record).toMatchObject({
    phase: 'failed',
    failure: { code: 'no-model' },
    assets: [modelAsset],
    missing: [{ assetId: 'asset_2' }],
  });
});
