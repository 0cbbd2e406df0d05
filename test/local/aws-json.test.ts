import { EventBridgeClient, ListRulesCommand, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  DescribeExecutionCommand,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { describe, expect, onTestFinished, test } from 'vitest';
import { answerJson } from '../../local/aws-json.ts';
import type { EventEnvelope } from '../../local/event-bus.ts';
import { listenOnLoopback } from '../../local/loopback.ts';
import { openMachine } from '../../local/machine.ts';
import { temporaryFolder } from './temporary-folder.ts';

const machineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:Generation';
const secretArn = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:Scenario';
const definition = JSON.stringify({
  StartAt: 'Pause',
  States: { Pause: { Type: 'Wait', Seconds: 3600, Next: 'Done' }, Done: { Type: 'Succeed' } },
});

/** The endpoint, with what was put on the buses. */
async function endpoint() {
  const events: [string, EventEnvelope][] = [];
  const machine = await openMachine({
    arn: machineArn,
    definition,
    folder: await temporaryFolder(),
    speed: 1,
    invoke: () => Promise.reject(new Error('nothing to invoke')),
    onEnded: () => Promise.resolve(),
    onTask: () => undefined,
  });
  const server = await listenOnLoopback(0, '--port');
  const putEvent = (bus: string, event: EventEnvelope) => {
    events.push([bus, event]);
    return Promise.resolve();
  };
  const tools = { machine, machineArn, putEvent, secrets: new Map([[secretArn, '{"apiKey":"k"}']]) };
  server.serve((request, response) =>
    answerJson(String(request.headers['x-amz-target']), request, response, tools),
  );
  onTestFinished(async () => {
    await machine.close();
    await server.close();
  });
  const config = {
    endpoint: server.origin,
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    maxAttempts: 1,
  };
  return {
    events,
    sfn: new SFNClient(config),
    bus: new EventBridgeClient(config),
    secrets: new SecretsManagerClient(config),
  };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : String(error);
}

describe('the local AWS endpoint', () => {
  test('starts, describes, lists and stops executions for the real client', async () => {
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

  test('refuses a machine that there is none of', async () => {
    const { sfn } = await endpoint();

    const refused = await sfn
      .send(new StartExecutionCommand({ stateMachineArn: `${machineArn}2`, name: 'oak-1' }))
      .catch(nameOf);

    expect(refused).toBe('StateMachineDoesNotExist');
  });

  test('takes events, and says of each that it does not take why', async () => {
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

  test('hands out the secret that a function names, and no other', async () => {
    const { secrets } = await endpoint();

    expect(await secrets.send(new GetSecretValueCommand({ SecretId: secretArn }))).toMatchObject({
      SecretString: '{"apiKey":"k"}',
    });
    expect(await secrets.send(new GetSecretValueCommand({ SecretId: 'other' })).catch(nameOf)).toBe(
      'ResourceNotFoundException',
    );
  });

  test('says of a call that it does not know what it knows', async () => {
    const { bus } = await endpoint();

    const refused = bus.send(new ListRulesCommand({}));

    await expect(refused).rejects.toMatchObject({
      name: 'NotImplemented',
      message: expect.stringContaining('AWSEvents.PutEvents'),
    });
  });
});
