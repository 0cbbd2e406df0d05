import { randomUUID } from 'node:crypto';
import { EventBridgeClient, ListRulesCommand, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  RedriveExecutionCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { answerJson, answerTarget } from '../../../local/aws/aws-json.ts';
import { systemClock } from '../../../local/aws/clock.ts';
import { createMemoryFiles } from '../../../local/files/durable-files.ts';
import type { EventEnvelope } from '../../../local/aws/events/envelope.ts';
import { openQueue } from '../../../local/aws/sqs/queue.ts';
import { openMachine } from '../../../local/aws/states/machine.ts';
import { listenOnLoopback } from '../../../local/http/loopback.ts';

const machineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:Generation';
const queueArn = 'arn:aws:sqs:us-east-1:000000000000:Uploads';
const QueueUrl = 'http://127.0.0.1/000000000000/Uploads';
const secretArn = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:Scenario';
const definition = JSON.stringify({
  StartAt: 'Pause',
  States: { Pause: { Type: 'Wait', Seconds: 3600, Next: 'Done' }, Done: { Type: 'Succeed' } },
});

const stamp = { clock: systemClock, newId: randomUUID };

function queueOptions() {
  return {
    ...stamp,
    arn: queueArn,
    files: createMemoryFiles(),
    visibilityTimeoutMs: 360_000,
    retentionMs: 1_209_600_000,
    speed: 1,
  };
}

/** Opens the endpoint and records the events on the buses. */
async function endpoint() {
  const events: [string, EventEnvelope][] = [];
  const machine = await openMachine({
    arn: machineArn,
    definition,
    files: createMemoryFiles(),
    clock: systemClock,
    random: Math.random,
    speed: 1,
    invoke: () => Promise.reject(new Error('nothing to invoke')),
    onStatus: () => Promise.resolve(),
    onTrouble: () => undefined,
  });
  const deadLetters = await openQueue({ ...queueOptions(), arn: `${queueArn}-DeadLetters` });
  const queue = await openQueue({
    ...queueOptions(),
    redrive: { queue: deadLetters, maxReceiveCount: 1000 },
  });
  const server = await listenOnLoopback(0);
  const putEvent = (bus: string, event: EventEnvelope) => {
    events.push([bus, event]);
    return Promise.resolve();
  };
  const queues = new Map([queue, deadLetters].map((each) => [each.arn, each]));
  const tools = { ...stamp, machine, queues, putEvent, secrets: new Map([[secretArn, '{"apiKey":"k"}']]) };
  server.serve((request, response) => answerJson(String(request.headers['x-amz-target']), request, response, tools));
  onTestFinished(async () => {
    await machine.close();
    await server.close();
    for (const each of queues.values()) each.close();
  });
  const config = {
    endpoint: server.origin,
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    maxAttempts: 1,
  };
  return {
    events,
    tools,
    sqs: new SQSClient({ ...config, useQueueUrlAsEndpoint: false }),
    sfn: new SFNClient(config),
    bus: new EventBridgeClient(config),
    secrets: new SecretsManagerClient(config),
  };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : String(error);
}

describe('the local AWS endpoint', () => {
  test('starts, describes, lists, and stops executions for the real client', async () => {
    const { sfn } = await endpoint();
    const start = { stateMachineArn: machineArn, name: 'oak-1', input: '{"a":1}' };

    const { executionArn, startDate } = await sfn.send(new StartExecutionCommand(start));
    const running = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    await sfn.send(new StopExecutionCommand({ executionArn, error: 'ByHand', cause: 'enough' }));
    const { executions } = await sfn.send(
      new ListExecutionsCommand({ stateMachineArn: machineArn, statusFilter: 'ABORTED' }),
    );
    const again = await sfn.send(new StartExecutionCommand(start)).catch(nameOf);

    expect(running).toMatchObject({ status: 'RUNNING', name: 'oak-1', input: '{"a":1}', startDate });
    expect(executions).toMatchObject([{ name: 'oak-1', status: 'ABORTED' }]);
    expect(await sfn.send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({
      error: 'ByHand',
      cause: 'enough',
    });
    expect(again).toBe('ExecutionAlreadyExists');
  });

  test('refuses an unknown state machine', async () => {
    const { sfn } = await endpoint();

    const refused = await sfn
      .send(new StartExecutionCommand({ stateMachineArn: `${machineArn}2`, name: 'oak-1' }))
      .catch(nameOf);

    expect(refused).toBe('StateMachineDoesNotExist');
  });

  test('accepts events, and returns an error for each event that it refuses', async () => {
    const { bus, events } = await endpoint();
    const entry = { Source: 'meshdrop', DetailType: 'Model Stored' };

    const answer = await bus.send(
      new PutEventsCommand({
        Entries: [
          { ...entry, Detail: '{"a":1}' },
          { ...entry, Detail: 'no JSON' },
        ],
      }),
    );

    expect(answer).toMatchObject({
      FailedEntryCount: 1,
      Entries: [{ EventId: events[0]?.[1].id }, { ErrorCode: 'MalformedDetail' }],
    });
    expect(events).toMatchObject([
      ['default', { source: 'meshdrop', 'detail-type': 'Model Stored', detail: { a: 1 } }],
    ]);
  });

  test('returns the secret that a function refers to, and no other', async () => {
    const { secrets } = await endpoint();

    expect(await secrets.send(new GetSecretValueCommand({ SecretId: secretArn }))).toMatchObject({
      SecretString: '{"apiKey":"k"}',
    });
    expect(await secrets.send(new GetSecretValueCommand({ SecretId: 'other' })).catch(nameOf)).toBe(
      'ResourceNotFoundException',
    );
  });

  test('lists the supported calls if a call is unknown', async () => {
    const { bus } = await endpoint();

    const refused = bus.send(new ListRulesCommand({}));

    await expect(refused).rejects.toMatchObject({
      name: 'NotImplemented',
      message: expect.stringContaining('AWSEvents.PutEvents'),
    });
  });

  test('also answers a call without a socket', async () => {
    const { tools } = await endpoint();

    const answered = await answerTarget('AmazonSQS.SendMessage', { QueueUrl, MessageBody: 'one' }, tools);
    const refused = await answerTarget('AmazonSQS.SendMessage', { QueueUrl }, tools);

    expect(answered).toMatchObject({ status: 200, body: { MessageId: expect.any(String) } });
    expect(refused).toMatchObject({ status: 400, body: { __type: 'ValidationException' } });
  });

  test('says whether an execution can be redriven, and refuses one that cannot', async () => {
    const { sfn } = await endpoint();
    const start = { stateMachineArn: machineArn, name: 'oak-1', input: '{}' };
    const { executionArn } = await sfn.send(new StartExecutionCommand(start));

    const running = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    const refused = await sfn.send(new RedriveExecutionCommand({ executionArn })).catch(nameOf);
    await sfn.send(new StopExecutionCommand({ executionArn }));
    const stopped = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    const { redriveDate } = await sfn.send(new RedriveExecutionCommand({ executionArn }));
    const redriven = await sfn.send(new DescribeExecutionCommand({ executionArn }));

    expect(running).toMatchObject({
      redriveCount: 0,
      redriveStatus: 'NOT_REDRIVABLE',
      redriveStatusReason: 'Execution is RUNNING and cannot be redriven',
    });
    expect(refused).toBe('ExecutionNotRedrivable');
    expect(stopped).toMatchObject({ status: 'ABORTED', redriveStatus: 'REDRIVABLE' });
    expect(redriven).toMatchObject({ status: 'RUNNING', redriveCount: 1, redriveDate });
    expect(redriven).not.toHaveProperty('stopDate');
  });

  test('describes the machine', async () => {
    const { sfn } = await endpoint();

    const { stateMachines = [] } = await sfn.send(new ListStateMachinesCommand({}));
    const [listed] = stateMachines;
    const described = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn: listed?.stateMachineArn }));

    expect(listed).toMatchObject({ name: 'Generation', stateMachineArn: machineArn });
    expect(described).toMatchObject({ definition, status: 'ACTIVE' });
  });
});

describe('a queue for the real client', () => {
  test('accepts a message, hides it when it is received, and removes it when it is deleted', async () => {
    const { sqs } = await endpoint();
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: '{"é":1}' }));

    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 20,
        MessageSystemAttributeNames: ['All'],
      }),
    );
    const hidden = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: Messages[0]?.ReceiptHandle }));

    expect(Messages).toMatchObject([{ Body: '{"é":1}', Attributes: { ApproximateReceiveCount: '1' } }]);
    expect(hidden.Messages).toBeUndefined();
    expect(await countsOf(sqs)).toEqual({ visible: '0', hidden: '0' });
  });

  test('hides a message for as long as its receiver asks, from the time of the call', async () => {
    const { sqs } = await endpoint();
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one' }));
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 43_200 }));
    const ReceiptHandle = Messages[0]?.ReceiptHandle;
    const whileHidden = await countsOf(sqs);

    await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));

    expect(whileHidden).toEqual({ visible: '0', hidden: '1' });
    expect(await countsOf(sqs)).toEqual({ visible: '1', hidden: '0' });
  });

  test('returns its attributes and its URL, and lists the other queues', async () => {
    const { sqs } = await endpoint();

    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));

    expect(Attributes).toMatchObject({
      QueueArn: queueArn,
      VisibilityTimeout: '360',
      MessageRetentionPeriod: '1209600',
      CreatedTimestamp: expect.stringMatching(/^\d{10}$/),
      RedrivePolicy: JSON.stringify({
        deadLetterTargetArn: `${queueArn}-DeadLetters`,
        maxReceiveCount: 1000,
      }),
    });
    expect(await sqs.send(new GetQueueUrlCommand({ QueueName: 'Uploads' }))).toMatchObject({ QueueUrl });
    expect((await sqs.send(new ListQueuesCommand({}))).QueueUrls).toEqual([QueueUrl, `${QueueUrl}-DeadLetters`]);
  });

  test('uses the error codes of AWS', async () => {
    const { sqs } = await endpoint();
    const elsewhere = { QueueUrl: `${QueueUrl}2` };
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one' }));
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    const ReceiptHandle = Messages[0]?.ReceiptHandle;
    await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
    const change = (ReceiptHandle: string | undefined, VisibilityTimeout: number) =>
      sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout }));

    const refusals = await Promise.all([
      sqs.send(new SendMessageCommand({ ...elsewhere, MessageBody: 'one' })).catch(nameOf),
      sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: 'nonsense' })).catch(nameOf),
      change(ReceiptHandle, 5).catch(nameOf),
      change(ReceiptHandle, 43_201).catch(nameOf),
    ]);

    expect(refusals).toEqual([
      'QueueDoesNotExist',
      'ReceiptHandleIsInvalid',
      'MessageNotInflight',
      'ValidationException',
    ]);
  });
});

async function countsOf(sqs: SQSClient) {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  return {
    visible: Attributes?.ApproximateNumberOfMessages,
    hidden: Attributes?.ApproximateNumberOfMessagesNotVisible,
  };
}
