import { expect, onTestFinished, test } from 'vitest';
import { createMemoryFiles } from '../../../../local/files/durable-files.ts';
import { FunctionError } from '../../../../local/aws/lambda/function-error.ts';
import type { Execution } from '../../../../local/aws/states/execution.ts';
import { type MachineOptions, openMachine } from '../../../../local/aws/states/machine.ts';
import { createVirtualTime } from '../../virtual-time.ts';

const work = {
  Type: 'Task',
  Resource: 'arn:aws:lambda:us-east-1:000000000000:function:Work',
  TimeoutSeconds: 60,
  Retry: [
    {
      ErrorEquals: ['BusyError', 'States.Timeout'],
      IntervalSeconds: 10,
      MaxAttempts: 2,
      JitterStrategy: 'FULL',
    },
  ],
  End: true,
};

/**
 * Opens a machine on virtual time. Records when its function is called, in seconds, and the states of its executions.
 */
async function open(definition: object, options: Partial<MachineOptions>) {
  const { clock, pass } = createVirtualTime();
  const begun = clock.now();
  const seconds = () => (clock.now() - begun) / 1000;
  const calls: number[] = [];
  const stands: Execution[] = [];
  const { invoke = () => Promise.resolve({}) } = options;
  const machine = await openMachine({
    arn: 'arn:aws:states:us-east-1:000000000000:stateMachine:Generation',
    definition: JSON.stringify(definition),
    files: createMemoryFiles(),
    clock,
    random: () => 0.5,
    speed: 1,
    onStatus: (execution) => Promise.resolve(void stands.push(execution)),
    onTrouble: (_, error) => expect(error).toBeUndefined(),
    ...options,
    invoke: (arn, payload) => {
      calls.push(seconds());
      return invoke(arn, payload);
    },
  });
  onTestFinished(() => machine.close());
  return { machine, pass, calls, stands, seconds };
}

const never = () => new Promise<never>(() => undefined);
const busy = () => Promise.reject(new FunctionError('BusyError', 'not now'));

test.each([
  ['as the definition says', 1, [0, 5, 15]],
  ['sooner at a higher speed', 10, [0, 0.5, 1.5]],
])('a task is retried %s, with jitter and backoff, and then fails', async (_, speed, expected) => {
  const { machine, pass, calls, stands } = await open(
    { StartAt: 'Work', States: { Work: work } },
    { invoke: busy, speed },
  );

  await machine.start('oak-1', '{}');
  await pass(20);

  expect(calls).toEqual(expected);
  expect(stands).toMatchObject([{ status: 'RUNNING' }, { status: 'FAILED', error: 'BusyError' }]);
});

test('a task that times out is retried, regardless of the speed, and its late answer is ignored', async () => {
  const answers: ((output: object) => void)[] = [];
  const { machine, pass, calls, stands } = await open(
    { StartAt: 'Work', States: { Work: work } },
    { invoke: () => new Promise((resolve) => answers.push(resolve)), speed: 10 },
  );

  await machine.start('oak-1', '{}');
  await pass(59);
  expect(calls).toEqual([0]);
  await pass(2);
  answers[0]?.({ from: 'the first' });
  answers[1]?.({ from: 'the second' });
  await pass(1);

  expect(calls).toEqual([0, 60.5]);
  expect(stands.at(-1)).toMatchObject({ status: 'SUCCEEDED', output: '{"from":"the second"}' });
});

test('a timeout is caught by its name', async () => {
  const { machine, pass, stands } = await open(
    {
      StartAt: 'Work',
      States: {
        Work: {
          ...work,
          Retry: [],
          Catch: [{ ErrorEquals: ['States.Timeout'], ResultPath: null, Next: 'Late' }],
        },
        Late: { Type: 'Pass', Result: 'late', End: true },
      },
    },
    { invoke: never },
  );

  await machine.start('oak-1', '{}');
  await pass(61);

  expect(stands.at(-1)).toMatchObject({ status: 'SUCCEEDED', output: '"late"' });
});

test('an execution that takes too long times out, regardless of the speed, and makes no more calls', async () => {
  const { machine, pass, calls, stands } = await open(
    {
      StartAt: 'Work',
      TimeoutSeconds: 100,
      States: { Work: { ...work, TimeoutSeconds: 30, Retry: [{ ...work.Retry[0], MaxAttempts: 99 }] } },
    },
    { invoke: never, speed: 1000 },
  );

  const { startDate } = await machine.start('oak-1', '{}');
  await pass(1_000);

  expect(stands.at(-1)).toMatchObject({
    status: 'TIMED_OUT',
    error: 'States.Timeout',
    stopDate: startDate + 100_000,
  });
  expect(calls).toHaveLength(4);
});

test('a loop of waits and tasks takes as long as its waits', async () => {
  let left = 3;
  const { machine, pass, stands } = await open(
    {
      StartAt: 'Pause',
      States: {
        Pause: { Type: 'Wait', Seconds: 20, Next: 'Work' },
        Work: { ...work, End: undefined, ResultPath: '$.left', Next: 'IsDone' },
        IsDone: {
          Type: 'Choice',
          Choices: [{ Variable: '$.left', NumericEquals: 0, Next: 'Done' }],
          Default: 'Pause',
        },
        Done: { Type: 'Succeed' },
      },
    },
    { invoke: () => Promise.resolve((left -= 1)) },
  );

  const { startDate } = await machine.start('oak-1', '{}');
  await pass(100);

  expect(stands.at(-1)).toMatchObject({ status: 'SUCCEEDED', stopDate: startDate + 60_000 });
});
