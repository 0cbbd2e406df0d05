import {
  DescribeExecutionCommand,
  ExecutionDoesNotExist,
  ExecutionNotRedrivable,
  RedriveExecutionCommand,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, test } from 'vitest';
import type { FailureCode } from '../../functions/contract/failures.ts';
import type { RecordIn, RunRecord } from '../../functions/run/record.ts';
import { createOperatorTools } from '../../operator/operator-tools.ts';
import { redriveRun } from '../../operator/redrive-run.ts';
import { claimedRecord, sendingRecord, storedRecord, submittedRecord } from '../functions/records.ts';
import { runIdOf, uploadIn } from '../../functions/run/upload.ts';

const UploadsQueueUrl = 'https://sqs.us-east-1.amazonaws.com/111122223333/Uploads';

/**
 * Creates tools for an execution with this status, or undefined for no execution. Records sent messages and redrives.
 */
function stage(status: string | undefined) {
  const region = 'us-east-1';
  const outputs = {
    UploadBucketName: 'uploads',
    AssetBucketName: 'assets',
    EventBusName: 'default',
    StateMachineArn: 'arn:aws:states:us-east-1:111122223333:stateMachine:Generation',
    UploadsQueueUrl,
  };
  const real = createOperatorTools({ outputs, region, name: 'a test' });
  const tools = { ...real, sfn: new SFNClient({ region }), sqs: new SQSClient({ region }) };
  const gone = new ExecutionDoesNotExist({ message: 'none', $metadata: {} });
  const sfn = mockClient(tools.sfn).on(RedriveExecutionCommand).resolves({ redriveDate: new Date() });
  if (status === undefined) sfn.on(DescribeExecutionCommand).rejects(gone);
  else sfn.on(DescribeExecutionCommand).resolves({ status } as { status: 'FAILED' });
  const sqs = mockClient(tools.sqs).on(SendMessageCommand).resolves({});
  return {
    tools,
    sfn,
    redriven: () => sfn.commandCalls(RedriveExecutionCommand).map(({ args: [{ input }] }) => input.executionArn),
    queued: () => sqs.commandCalls(SendMessageCommand).map(({ args: [{ input }] }) => input),
  };
}

function failed(code: FailureCode, job: boolean): RecordIn<'failed'> {
  const { jobId, submittedAt } = submittedRecord();
  return {
    ...claimedRecord(),
    ...(job && { jobId, submittedAt }),
    phase: 'failed',
    finishedAt: '2026-10-05T10:05:00.000Z',
    failure: { code, reason: 'no luck' },
  };
}

const executionArn = `arn:aws:states:us-east-1:111122223333:execution:Generation:${claimedRecord().runId}`;

describe('a redrive', () => {
  test.each<[string, RunRecord, string]>([
    ['that failed at the deadline', failed('deadline', true), 'FAILED'],
    ['that a user stopped', failed('aborted', true), 'ABORTED'],
    ['that timed out and was not reported', submittedRecord(), 'TIMED_OUT'],
  ])('resumes the execution of a run %s', async (_, record, status) => {
    const { tools, redriven, queued } = stage(status);

    const { done, sentence } = await redriveRun(record, tools);

    expect(done).toBe(true);
    expect(sentence).toContain('continues at the state that failed');
    expect(redriven()).toEqual([executionArn]);
    expect(queued()).toEqual([]);
  });

  test.each<[string, RunRecord]>([
    ['claimed', claimedRecord()],
    ['about to be paid', sendingRecord()],
    ['paid, without an execution', submittedRecord()],
  ])('sends the upload of a run that is %s to SubmitJob again', async (_, record) => {
    const { tools, redriven, queued } = stage(undefined);

    const { done } = await redriveRun(record, tools);

    expect(done).toBe(true);
    expect(queued()).toMatchObject([{ QueueUrl: UploadsQueueUrl }]);
    const upload = uploadIn(queued()[0]?.MessageBody ?? '');
    expect(upload).toMatchObject({ bucket: 'uploads', key: 'chairs/oak.png', versionId: 'v1' });
    expect(runIdOf(upload)).toMatch(/^oak-[0-9a-f]{32}$/);
    expect(redriven()).toEqual([]);
  });

  test('does nothing for a run whose execution is running', async () => {
    const { tools, redriven } = stage('RUNNING');

    const { done, sentence } = await redriveRun(submittedRecord(), tools);

    expect(done).toBe(true);
    expect(sentence).toContain('is already running');
    expect(redriven()).toEqual([]);
  });

  test.each<[string, RunRecord, string]>([
    ['is stored', storedRecord(), 'use redeliver to announce it again'],
    [
      'was rejected',
      {
        ...claimedRecord(),
        phase: 'rejected',
        finishedAt: '2026-10-05T10:05:00.000Z',
        failure: { code: 'empty', reason: 'no bytes' },
      },
      'before anything was paid: no bytes. Upload the image again',
    ],
    [
      'failed before it was paid',
      failed('internal', false),
      'before anything was paid: no luck. Upload the image again',
    ],
    ['has a job that failed', failed('job-failed', true), 'refunded it: no luck. Upload the image again'],
    [
      'has a job that was canceled',
      failed('job-canceled', true),
      'was canceled at Scenario, so there is nothing to fetch',
    ],
    ['has an execution that no longer exists', failed('deadline', true), 'no longer exists, so it cannot be redriven'],
  ])('does nothing for a run that %s, and prints the reason', async (_, record, sentence) => {
    const { tools, redriven, queued } = stage(undefined);

    expect(await redriveRun(record, tools)).toEqual({
      done: false,
      sentence: expect.stringContaining(sentence),
    });
    expect([...redriven(), ...queued()]).toEqual([]);
  });

  test('reports that AWS can no longer redrive the execution', async () => {
    const { tools, sfn } = stage('FAILED');
    const message = 'Execution redrivable period exceeded';
    sfn.on(RedriveExecutionCommand).rejects(new ExecutionNotRedrivable({ message, $metadata: {} }));

    const { done, sentence } = await redriveRun(failed('deadline', true), tools);

    expect(done).toBe(false);
    expect(sentence).toContain(`cannot be redriven anymore: ${message}`);
  });

  test('cannot announce an upload in a bucket without versioning', async () => {
    const { tools, queued } = stage(undefined);
    const { versionId: _, ...upload } = claimedRecord().upload;

    const { done, sentence } = await redriveRun({ ...claimedRecord(), upload }, tools);

    expect(done).toBe(false);
    expect(sentence).toContain('has no versioning');
    expect(queued()).toEqual([]);
  });
});
