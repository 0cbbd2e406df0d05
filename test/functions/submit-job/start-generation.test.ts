import { ExecutionAlreadyExists, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, expect, it } from 'vitest';
import { createStartGeneration } from '../../../functions/submit-job/start-generation.ts';
import { submittedRecord } from '../records.ts';

const sfn = new SFNClient({ region: 'us-east-1' });
const aws = mockClient(sfn);
const start = createStartGeneration(sfn, 'arn:machine');

beforeEach(() => aws.reset());

it('starts the execution that is named after the run, always with the same input', async () => {
  aws.on(StartExecutionCommand).resolves({});

  await start(submittedRecord());
  await start(submittedRecord());

  const inputs = aws.commandCalls(StartExecutionCommand).map(({ args }) => args[0].input);
  expect(inputs[0]).toEqual(inputs[1]);
  expect(inputs[0]).toMatchObject({ stateMachineArn: 'arn:machine', name: submittedRecord().runId });
  expect(JSON.parse(inputs[0]?.input ?? '')).toEqual({
    runId: submittedRecord().runId,
    jobId: 'job_1',
    upload: { bucket: 'uploads', key: 'chairs/oak.png', versionId: 'v1' },
    submittedAt: '2026-10-05T10:00:00.000Z',
    check: { waitSeconds: 55 },
  });
});

it('is content when there is one of that name', async () => {
  aws.on(StartExecutionCommand).rejects(new ExecutionAlreadyExists({ message: 'taken', $metadata: {} }));

  await expect(start(submittedRecord())).resolves.toBeUndefined();
});

it('fails on everything else', async () => {
  aws.on(StartExecutionCommand).rejects(new Error('throttled'));

  await expect(start(submittedRecord())).rejects.toThrow('throttled');
});
