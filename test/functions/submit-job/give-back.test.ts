import { ChangeMessageVisibilityCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { expect, it } from 'vitest';
import { createGiveBack } from '../../../functions/submit-job/give-back.ts';
import { collectObserved } from '../observed-collector.ts';
import { openSqs } from '../sqs-endpoint.ts';
import { virtualTime } from '../virtual-time.ts';

/** A message that was received and is given back for so long. */
async function givenBack(inSeconds: number) {
  const time = virtualTime();
  const { sqs, queueUrls, uploads } = await openSqs(time.now);
  await uploads.send('an upload');
  const message = await uploads.receive();
  if (!message) throw new Error('nothing received');
  await createGiveBack(sqs, queueUrls.uploads, collectObserved().log)(`${message.messageId}#1`, inSeconds);
  return { time, isVisible: () => uploads.isVisible(message) };
}

it('a message that is given back for no time may be received again at once', async () => {
  const { isVisible } = await givenBack(0);

  expect(isVisible()).toBe(true);
});

it('a message that is given back for a while may be received again after it, and never before', async () => {
  const { time, isVisible } = await givenBack(209.2);

  time.pass(209.999);
  expect(isVisible()).toBe(false);
  time.pass(0.001);
  expect(isVisible()).toBe(true);
});

it.each([
  [-1, 0],
  [100_000, 43_200],
])('%i s are what SQS takes: %i', async (inSeconds, VisibilityTimeout) => {
  const sqs = new SQSClient({ region: 'us-east-1' });
  const aws = mockClient(sqs);

  await createGiveBack(sqs, 'url', collectObserved().log)('handle', inSeconds);

  expect(aws.commandCalls(ChangeMessageVisibilityCommand)[0]?.args[0].input).toEqual({
    QueueUrl: 'url',
    ReceiptHandle: 'handle',
    VisibilityTimeout,
  });
});

it('a queue that does not answer is no failure: the message comes back at its own time', async () => {
  const sqs = new SQSClient({ region: 'us-east-1' });
  mockClient(sqs).on(ChangeMessageVisibilityCommand).rejects(new Error('the queue is away'));
  const { log, lines } = collectObserved();

  await createGiveBack(sqs, 'url', log)('handle', 5);

  expect(lines).toEqual([expect.stringContaining('the queue is away')]);
});
