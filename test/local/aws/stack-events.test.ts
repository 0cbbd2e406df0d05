import { expect, test, vi } from 'vitest';
import type { AwsOptions } from '../../../local/aws/aws-options.ts';
import { createMemoryFiles } from '../../../local/files/durable-files.ts';
import { createEnvelope } from '../../../local/aws/events/envelope.ts';
import { createStackBus, startSchedules } from '../../../local/aws/stack-events.ts';
import { openQueues } from '../../../local/aws/stack-queues.ts';
import type { Template } from '../../../local/aws/template.ts';
import { createIds } from '../../simulation/world/random.ts';
import { createVirtualTime } from '../virtual-time.ts';

const arn = (service: string, rest: string) => `arn:aws:${service}:us-east-1:000000000000:${rest}`;

const hourly: Template['rules'][number] = {
  ref: 'Hourly',
  name: 'Hourly',
  attributes: { Arn: arn('events', 'rule/Hourly') },
  properties: {
    ScheduleExpression: 3_600_000,
    EventBusName: 'default',
    State: 'ENABLED',
    Targets: [{ Id: 'Target0', Arn: arn('lambda', 'function:Work') }],
  },
};
const failed: Template['rules'][number] = {
  ...hourly,
  properties: {
    EventPattern: { source: ['aws.states'] },
    EventBusName: 'default',
    State: 'ENABLED',
    Targets: [
      {
        Id: 'Target0',
        Arn: arn('lambda', 'function:Work'),
        DeadLetterConfig: { Arn: arn('sqs', 'OfTheRule') },
      },
    ],
  },
};
const queueNamed = (name: string): Template['queues'][number] => ({
  ref: name,
  name,
  attributes: { Arn: arn('sqs', name) },
  properties: { VisibilityTimeout: 30, MessageRetentionPeriod: 86_400 },
});

const template: Template = {
  buckets: [],
  queues: [queueNamed('OfTheRule'), queueNamed('OfTheFunction')],
  functions: [
    {
      ref: 'Work',
      name: 'Work',
      attributes: { Arn: arn('lambda', 'function:Work') },
      codeFolder: '',
      statements: [],
      properties: {
        Handler: 'index.handler',
        Runtime: 'nodejs24.x',
        Timeout: 3,
        MemorySize: 128,
        DeadLetterConfig: { TargetArn: arn('sqs', 'OfTheFunction') },
      },
    },
  ],
  eventSources: [],
  rules: [hourly, failed],
  machine: { ref: '', name: '', attributes: {}, properties: { DefinitionString: '{}' } },
  outputs: {},
};

function stackOf(invoke: AwsOptions['invoke'], speed: number) {
  const { clock, pass } = createVirtualTime();
  const options: AwsOptions = {
    template,
    clock,
    random: Math.random,
    newId: createIds(),
    files: () => Promise.resolve(createMemoryFiles()),
    invoke,
    speed,
    secrets: new Map(),
    onTrouble: () => undefined,
    hooks: {},
  };
  return { options, pass };
}

test('a scheduled function gets a Scheduled Event, and a retry if it fails; the speed does not change the rate', async () => {
  const invoke = vi.fn<AwsOptions['invoke']>().mockRejectedValueOnce(new Error('not now')).mockResolvedValue(undefined);
  const { options, pass } = stackOf(invoke, 1000);

  const stops = startSchedules(options, new Map());
  await pass(3_599);
  expect(invoke).not.toHaveBeenCalled();
  await pass(2);

  expect(invoke).toHaveBeenCalledTimes(2);
  expect(invoke).toHaveBeenCalledWith(
    'Work',
    expect.objectContaining({
      source: 'aws.events',
      'detail-type': 'Scheduled Event',
      resources: [arn('events', 'rule/Hourly')],
      detail: {},
    }),
  );
  for (const stop of stops) stop();
});

test('an event that a function finally fails to handle goes to the dead-letter queue of the function, not of the rule', async () => {
  const { options, pass } = stackOf(() => Promise.reject(new Error('not now')), 1);
  const queues = await openQueues(options);
  const event = createEnvelope({ source: 'aws.states', detailType: 'Changed', detail: {} }, options);

  void createStackBus(options, queues).put('default', event);
  await pass(200);

  const counts = [...queues.values()].map((queue) => [queue.name, queue.messages().length]);
  expect(Object.fromEntries(counts)).toEqual({ OfTheRule: 0, OfTheFunction: 1 });
});
