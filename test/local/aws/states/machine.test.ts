import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createMemoryFiles, type DurableFiles } from '../../../../local/files/durable-files.ts';
import { ServiceError } from '../../../../local/aws/service-error.ts';
import type { Execution } from '../../../../local/aws/states/execution.ts';
import { type Machine, type MachineOptions, openMachine } from '../../../../local/aws/states/machine.ts';
import { createVirtualTime } from '../../virtual-time.ts';

const resource = 'arn:aws:lambda:us-east-1:000000000000:function:Work';
const definition = JSON.stringify({
  StartAt: 'Pause',
  States: {
    Pause: { Type: 'Wait', SecondsPath: '$.seconds', Next: 'Work' },
    Work: {
      Type: 'Task',
      Resource: resource,
      TimeoutSeconds: 60,
      Retry: [{ ErrorEquals: ['BusyError'], IntervalSeconds: 5, MaxAttempts: 2, BackoffRate: 1 }],
      End: true,
    },
  },
});

const { clock, pass } = createVirtualTime();

interface Stage {
  readonly machine: Machine;
  readonly files: DurableFiles;
  /** The executions that have ended, in order. */
  readonly ended: Execution[];
  readonly payloads: unknown[];
}

async function open(options: Partial<MachineOptions> = {}): Promise<Stage> {
  const files = options.files ?? createMemoryFiles();
  const ended: Execution[] = [];
  const payloads: unknown[] = [];
  const machine = await openMachine({
    arn: 'arn:aws:states:us-east-1:000000000000:stateMachine:Generation',
    definition,
    files,
    clock,
    random: () => 0.5,
    speed: 1,
    invoke: (_, payload) => {
      payloads.push(payload);
      return Promise.resolve({ done: true });
    },
    onStatus: (execution) => {
      if (execution.status !== 'RUNNING') ended.push(execution);
      return Promise.resolve();
    },
    onTrouble: (_, error) => expect(error).toBeUndefined(),
    ...options,
  });
  onTestFinished(() => machine.close());
  return { machine, files, ended, payloads };
}

const never = () => new Promise<never>(() => undefined);

function nameOf(error: unknown): string {
  return error instanceof ServiceError ? error.name : String(error);
}

describe('StartExecution', () => {
  test('runs the definition with waits divided by the speed, and announces the end once', async () => {
    const { machine, ended, payloads } = await open({ speed: 10 });
    const startedAt = clock.now();

    const { startDate } = await machine.start('oak-1', '{"seconds":30}');
    await pass(2.9);
    expect(payloads).toEqual([]);
    await pass(1);

    expect(ended).toMatchObject([
      { name: 'oak-1', status: 'SUCCEEDED', output: '{"done":true}', stopDate: startedAt + 3_000 },
    ]);
    expect(startDate).toBe(startedAt);
    expect(payloads).toEqual([{ seconds: 30 }]);
  });

  test('returns the same execution for the same name and input while it runs', async () => {
    const { machine } = await open({ invoke: never });

    const first = await machine.start('oak-1', '{"seconds":0}');
    const second = await machine.start('oak-1', '{"seconds":0}');

    expect(second.startDate).toBe(first.startDate);
    expect(machine.list()).toHaveLength(1);
  });

  test.each([
    ['with another input while it runs', '{"seconds":1}', false],
    ['with the same input after it has ended', '{"seconds":0}', true],
  ])('refuses a name in use, %s', async (_, input, hasEnded) => {
    const { machine, ended } = await open(hasEnded ? {} : { invoke: never });
    await machine.start('oak-1', '{"seconds":0}');
    await pass(1);
    expect(ended).toHaveLength(hasEnded ? 1 : 0);

    const refused = await machine.start('oak-1', input).catch(nameOf);

    expect(refused).toBe('ExecutionAlreadyExists');
  });

  test.each([
    ['with a space', 'oak 1'],
    ['too long', 'o'.repeat(81)],
    ['with a slash', 'a/b'],
    ['empty', ''],
  ])('refuses a name %s', async (_, name) => {
    const { machine } = await open();

    const refused = await machine.start(name, '{}').catch(nameOf);

    expect(refused).toBe('InvalidName');
  });

  test('refuses an input that is not JSON', async () => {
    const { machine } = await open();

    expect(await machine.start('oak-1', '{').catch(nameOf)).toBe('InvalidExecutionInput');
  });
});

describe('an execution', () => {
  test('is retried by the name of the error, and fails with the name and message of the last error', async () => {
    let calls = 0;
    const { machine, ended } = await open({
      invoke: () => {
        calls += 1;
        return Promise.reject(
          Object.assign(new Error('{"errorMessage":"no"}'), { name: calls < 3 ? 'BusyError' : 'OtherError' }),
        );
      },
    });

    await machine.start('oak-1', '{"seconds":0}');
    await pass(11);

    expect(ended).toMatchObject([{ status: 'FAILED', error: 'OtherError', cause: '{"errorMessage":"no"}' }]);
    expect(calls).toBe(3);
  });

  test('that is stopped ends as aborted, and a later answer of a function changes nothing', async () => {
    let answer: (value: unknown) => void = () => undefined;
    const { machine, ended } = await open({
      invoke: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    });
    const { executionArn } = await machine.start('oak-1', '{"seconds":0}');
    await pass(1);

    const stopped = await machine.stop(executionArn, undefined, 'by hand');
    answer({ done: true });
    await pass(1);

    expect(stopped).toMatchObject({ status: 'ABORTED', cause: 'by hand' });
    expect(ended).toMatchObject([{ status: 'ABORTED' }]);
    expect(machine.describe(executionArn).status).toBe('ABORTED');
  });

  test('that is stopped leaves no timer of the interpreter running', async () => {
    const begun = vi.spyOn(globalThis, 'setTimeout');
    const cleared = vi.spyOn(globalThis, 'clearTimeout');
    onTestFinished(() => void vi.restoreAllMocks());
    const { machine } = await open({ invoke: never });
    const { executionArn } = await machine.start('oak-1', '{"seconds":0}');
    await pass(1);

    await machine.stop(executionArn);
    await pass(1);

    const days = begun.mock.results.filter((_, n) => Number(begun.mock.calls[n]?.[1]) > 86_400_000);
    expect(days).toHaveLength(2);
    expect(cleared.mock.calls.flat()).toEqual(expect.arrayContaining(days.map(({ value }) => value as unknown)));
  });

  test('that was interrupted restarts at its first state with its original input', async () => {
    const { machine, files } = await open({ invoke: never });
    await machine.start('oak-1', '{"seconds":0}');
    await machine.close();

    const next = await open({ files });
    next.machine.resume();

    await pass(1);
    expect(next.ended).toMatchObject([{ name: 'oak-1', status: 'SUCCEEDED' }]);
    expect(next.payloads).toEqual([{ seconds: 0 }]);
  });

  test('whose end was not announced before the process died is announced after the restart', async () => {
    const { machine, files } = await open({
      onStatus: (execution) => (execution.status === 'RUNNING' ? Promise.resolve() : never()),
    });
    const { executionArn } = await machine.start('oak-1', '{"seconds":0}');
    await pass(1);
    expect(machine.describe(executionArn).status).toBe('SUCCEEDED');
    await machine.close();

    const next = await open({ files });
    next.machine.resume();

    await pass(1);
    expect(next.ended).toMatchObject([{ name: 'oak-1', status: 'SUCCEEDED' }]);
    expect(next.payloads).toEqual([]);
  });

  test('that is unknown does not exist', async () => {
    const { machine } = await open();

    expect(() => machine.describe('arn:aws:states:us-east-1:000000000000:execution:Generation:nobody')).toThrow(
      'Execution Does Not Exist',
    );
  });
});

describe('a redriven execution', () => {
  const failingOnce = (how: { failures: number }) => (_: string, payload: unknown) => {
    if (how.failures === 0) return Promise.resolve({ done: payload });
    how.failures -= 1;
    return Promise.reject(Object.assign(new Error('{}'), { name: 'BrokenError' }));
  };

  test('continues in the failed state with the input of that state, and its new end is announced', async () => {
    const states: string[] = [];
    const { machine, ended } = await open({
      invoke: failingOnce({ failures: 1 }),
      onTask: (_, state, output) => {
        if (output === undefined) states.push(state);
      },
    });
    const { executionArn, startDate } = await machine.start('oak-1', '{"seconds":0}');
    await pass(1);
    expect(ended).toMatchObject([{ status: 'FAILED', error: 'BrokenError' }]);

    const redriven = await machine.redrive(executionArn, 'once');

    expect(redriven).toMatchObject({
      name: 'oak-1',
      executionArn,
      startDate,
      status: 'RUNNING',
      redriveCount: 1,
    });
    await pass(1);
    expect(ended).toHaveLength(2);
    expect(ended[1]).toMatchObject({ status: 'SUCCEEDED', output: '{"done":{"seconds":0}}' });
    expect(ended[1]).not.toHaveProperty('error');
    expect(states).toEqual(['Pause', 'Work', 'Work']);
  });

  test('fails again in a Fail state, with the same error and cause', async () => {
    const refusing = JSON.stringify({
      StartAt: 'Ask',
      States: {
        Ask: {
          Type: 'Task',
          Resource: 'arn:aws:lambda:us-east-1:0:function:Ask',
          ResultPath: '$.asked',
          Next: 'No',
        },
        No: { Type: 'Fail', ErrorPath: '$.asked.code', CausePath: '$.asked.reason' },
      },
    });
    let asked = 0;
    const { machine, ended } = await open({
      definition: refusing,
      invoke: () => {
        asked += 1;
        return Promise.resolve({ code: 'job-failed', reason: 'no luck' });
      },
    });
    const { executionArn } = await machine.start('oak-1', '{}');
    await pass(1);
    expect(ended).toHaveLength(1);

    await machine.redrive(executionArn, 'once');

    const failed = { status: 'FAILED', error: 'job-failed', cause: 'no luck' };
    await pass(1);
    expect(ended).toMatchObject([failed, failed]);
    expect(asked).toBe(1);
  });

  test('is not affected when the announcement of its earlier end is accepted late', async () => {
    const accepted: (() => void)[] = [];
    const { machine } = await open({
      invoke: failingOnce({ failures: 1 }),
      onStatus: ({ status }) =>
        status === 'FAILED' ? new Promise((resolve) => accepted.push(resolve)) : Promise.resolve(),
    });
    const { executionArn } = await machine.start('oak-1', '{"seconds":30}');
    await pass(31);
    await machine.redrive(executionArn, 'once');

    accepted[0]?.();
    await pass(1);

    expect(machine.describe(executionArn)).toMatchObject({ status: 'SUCCEEDED', redriveCount: 1 });
  });

  test('is redriven only once by a repeated call', async () => {
    const { machine, ended } = await open({ invoke: failingOnce({ failures: 9 }) });
    const { executionArn } = await machine.start('oak-1', '{"seconds":0}');
    await pass(1);
    expect(ended).toHaveLength(1);

    const first = await machine.redrive(executionArn, 'same');
    await pass(1);
    expect(ended).toHaveLength(2);
    const second = await machine.redrive(executionArn, 'same');

    expect(second.redriveDate).toBe(first.redriveDate);
    expect(machine.describe(executionArn)).toMatchObject({ status: 'FAILED', redriveCount: 1 });
  });

  test('that is stopped and redriven ignores the answer of a function from before', async () => {
    const answers: ((value: unknown) => void)[] = [];
    const { machine, ended } = await open({
      invoke: () => new Promise((resolve) => answers.push(resolve)),
    });
    const { executionArn } = await machine.start('oak-1', '{"seconds":0}');
    await pass(1);
    expect(answers).toHaveLength(1);
    await machine.stop(executionArn);

    await machine.redrive(executionArn, 'once');
    answers[0]?.({ from: 'before' });
    await pass(1);
    expect(answers).toHaveLength(2);
    answers[1]?.({ from: 'after' });

    await pass(1);
    expect(ended).toMatchObject([{ status: 'ABORTED' }, { output: '{"from":"after"}' }]);
  });

  test('continues in the next process', async () => {
    const { machine, ended, files } = await open({ invoke: failingOnce({ failures: 1 }) });
    const { executionArn } = await machine.start('oak-1', '{"seconds":0}');
    await pass(1);
    expect(ended).toHaveLength(1);
    await machine.close();
    const hung = await open({ files, invoke: never });
    await hung.machine.redrive(executionArn, 'once');
    await hung.machine.close();

    const next = await open({ files });
    next.machine.resume();

    await pass(1);
    expect(next.ended).toMatchObject([{ name: 'oak-1', status: 'SUCCEEDED', redriveCount: 1 }]);
  });

  test.each([
    ['that has succeeded', 0, 0],
    ['that ended two weeks ago', 1, 14 * 24 * 3_600],
  ])('is refused for an execution %s', async (_, failures, laterSeconds) => {
    const { machine, ended } = await open({ invoke: failingOnce({ failures }) });
    const { executionArn } = await machine.start('oak-1', '{"seconds":0}');
    await pass(1);
    expect(ended).toHaveLength(1);
    await pass(laterSeconds);

    expect(await machine.redrive(executionArn, 'once').catch(nameOf)).toBe('ExecutionNotRedrivable');
  });
});

test.each([
  ['a kind of state', { Type: 'Parallel', Branches: [] }, 'does not support the state One of type Parallel'],
  ['a kind of wait', { Type: 'Wait', Timestamp: '2026-03-01T12:00:00Z' }, 'the wait One has neither Seconds'],
  [
    'a catch',
    { Type: 'Task', Resource: resource, Catch: [{ ErrorEquals: ['States.TaskFailed'], Next: 'One' }] },
    'the state One catches States.TaskFailed',
  ],
])('a definition with %s that is not supported is refused', async (_, state, told) => {
  const refused = open({
    definition: JSON.stringify({ StartAt: 'One', States: { One: { ...state, End: true } } }),
  });

  await expect(refused).rejects.toThrow(told);
});
