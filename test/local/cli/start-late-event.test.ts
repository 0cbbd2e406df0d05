import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { ListExecutionsCommand, ListStateMachinesCommand, SFNClient } from '@aws-sdk/client-sfn';
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { beforeAll, expect, test } from 'vitest';
import { assembly } from '../../../local/aws/assembly.ts';
import { createObjectStore } from '../../../local/aws/s3/store.ts';
import { folderWith, ledgerOf, meshdrop, readyAddresses, serve, writtenEvents } from './meshdrop-process.ts';

beforeAll(() => assembly());

test('an upload whose event was lost when the process was killed is processed after the next start', async () => {
  const folder = await folderWith('teapot.jpg');
  const data = join(folder, 'data');
  const start = async () => {
    const running = meshdrop(serve, folder);
    return { running, ...(await readyAddresses(data, running)) };
  };
  const store = createObjectStore({ folder: join(data, 'stand-in', 's3') });
  store.createBucket('meshdrop-uploads', { versioned: true });
  await store.put('meshdrop-uploads', 'tea.jpg', createReadStream(join(folder, 'teapot.jpg')));

  const first = await start();
  await expect.poll(async () => (await writtenEvents(data)).length).toBe(1);
  await expect.poll(() => whatIsLeft(first.endpoint)).toEqual({ executions: [], messages: ['0', '0'] });
  first.running.process.kill('SIGINT');
  const { stderr } = await first.running.ended;
  const second = await start();
  const ledger = await ledgerOf(second.scenario);
  second.running.process.kill('SIGINT');
  const again = await second.running.ended;

  expect(stderr).toContain('continuing 1 unfinished upload of an earlier start');
  expect(again.stderr).not.toContain('unfinished');
  expect((await writtenEvents(data)).map((event) => event['detail-type'])).toEqual(['Model Stored']);
  expect(ledger.jobs).toHaveLength(1);
});

/** Returns the running executions and the number of messages that wait or are in progress. */
async function whatIsLeft(endpoint: string) {
  const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };
  const sfn = new SFNClient({ endpoint, region: 'us-east-1', credentials });
  const sqs = new SQSClient({ endpoint, region: 'us-east-1', credentials });
  const { stateMachines = [] } = await sfn.send(new ListStateMachinesCommand({}));
  const { stateMachineArn } = stateMachines[0] ?? {};
  const { executions = [] } = await sfn.send(new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING' }));
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'Uploads-Queue' }));
  const { Attributes = {} } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
  const { ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible } = Attributes;
  return {
    executions: executions.map(({ name }) => name),
    messages: [ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible],
  };
}
