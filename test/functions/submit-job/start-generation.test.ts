import { ExecutionAlreadyExists, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, expect, it } from 'vitest';
import { tripo31 } from '../../../functions/models/tripo-3-1.ts';
import type { JsonStore } from '../../../functions/platform/json-store.ts';
import { startGeneration } from '../../../functions/submit-job/start-generation.ts';
import { submittedRecord } from '../records.ts';

const sfn = new SFNClient({ region: 'us-east-1' });
const aws = mockClient(sfn);
const documents: Pick<JsonStore, 'read'> = { read: async () => undefined };
const runs = { documents: documents as JsonStore };
const start = () => startGeneration(submittedRecord(), tripo31, { sfn, stateMachineArn: 'arn:machine', runs });

beforeEach(() => aws.reset());

it('starts the execution that is named after the run, with the times to check its job', async () => {
  aws.on(StartExecutionCommand).resolves({});

  await start();
  await start();

  const inputs = aws.commandCalls(StartExecutionCommand).map(({ args }) => args[0].input);
  expect(inputs[0]).toEqual(inputs[1]);
  expect(inputs[0]).toMatchObject({ stateMachineArn: 'arn:machine', name: submittedRecord().runId });
  expect(JSON.parse(inputs[0]?.input ?? '')).toEqual({
    runId: submittedRecord().runId,
    jobId: 'job_1',
    modelId: 'model_tripo-v3-1-image-to-3d',
    upload: { bucket: 'uploads', key: 'chairs/oak.png', versionId: 'v1' },
    submittedAt: '2026-10-05T10:00:00.000Z',
    check: { waitSeconds: 56, times: expect.arrayContaining([56, 80, 104]) },
  });
});

it('does nothing if there is an execution of that name', async () => {
  aws.on(StartExecutionCommand).rejects(new ExecutionAlreadyExists({ message: 'taken', $metadata: {} }));

  await expect(start()).resolves.toBeUndefined();
});

it('fails on every other error', async () => {
  aws.on(StartExecutionCommand).rejects(new Error('throttled'));

  await expect(start()).rejects.toThrow('throttled');
});
