import { expect, onTestFinished, test, vi } from 'vitest';
import { startSchedules } from '../../../local/aws/stack-events.ts';
import type { Template } from '../../../local/aws/template.ts';

const arn = (rest: string) => `arn:aws:events:us-east-1:000000000000:${rest}`;

const hourly: Template['rules'][number] = {
  ref: 'Hourly',
  name: 'Hourly',
  attributes: { Arn: arn('rule/Hourly') },
  properties: {
    ScheduleExpression: 3_600_000,
    EventBusName: 'default',
    State: 'ENABLED',
    Targets: [{ Id: 'Target0', Arn: arn('function:Sweep') }],
  },
};

const template: Template = {
  buckets: [],
  queues: [],
  functions: [],
  eventSources: [],
  rules: [hourly],
  machine: { ref: '', name: '', attributes: {}, properties: { DefinitionString: '{}' } },
  outputs: {},
};

test('a function on a schedule gets a Scheduled Event, and again when it failed', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const invoke = vi
    .fn<(functionArn: string, event: unknown) => Promise<unknown>>()
    .mockRejectedValueOnce(new Error('not now'))
    .mockResolvedValue(undefined);

  const stops = startSchedules(template, new Map(), invoke, 1000);
  await vi.advanceTimersByTimeAsync(15_000);
  await vi.waitFor(() => expect(invoke).toHaveBeenCalledTimes(2));

  expect(invoke).toHaveBeenCalledWith(
    arn('function:Sweep'),
    expect.objectContaining({
      source: 'aws.events',
      'detail-type': 'Scheduled Event',
      resources: [arn('rule/Hourly')],
      detail: {},
    }),
  );
  for (const stop of stops) stop();
});
