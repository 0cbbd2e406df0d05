import { describe, expect, onTestFinished, test } from 'vitest';
import {
  type Execution,
  type Machine,
  type MachineOptions,
  openMachine,
  StepFunctionsError,
} from '../../local/machine.ts';
import { temporaryFolder } from './temporary-folder.ts';

const definition = JSON.stringify({
  StartAt: 'Pause',
  States: {
    Pause: { Type: 'Wait', SecondsPath: '$.seconds', Next: 'Work' },
    Work: {
      Type: 'Task',
      Resource: 'arn:aws:lambda:us-east-1:000000000000:function:Work',
      TimeoutSeconds: 60,
      Retry: [{ ErrorEquals: ['BusyError'], IntervalSeconds: 5, MaxAttempts: 2, BackoffRate: 1 }],
      End: true,
    },
  },
});

interface Stage {
  readonly machine: Machine;
  readonly ended: Execution[];
  readonly payloads: unknown[];
}

async function open(options: Partial<MachineOptions> = {}): Promise<Stage & { folder: string }> {
  const folder = options.folder ?? (await temporaryFolder());
  const ended: Execution[] = [];
  const payloads: unknown[] = [];
  const machine = await openMachine({
    arn: 'arn:aws:states:us-east-1:000000000000:stateMachine:Generation',
    definition,
    folder,
    speed: 1000,
    invoke: (_, payload) => {
      payloads.push(payload);
      return Promise.resolve({ done: true });
    },
    onEnded: (execution) => {
      ended.push(execution);
      return Promise.resolve();
    },
    onTask: () => undefined,
    ...options,
  });
  onTestFinished(() => machine.close());
  return { machine, ended, payloads, folder };
}

const never = () => new Promise<never>(() => undefined);

function nameOf(error: unknown): string {
  return error instanceof StepFunctionsError ? error.name : String(error);
}

describe('StartExecution', () => {
  test('runs the definition, waits divided by the speed, and tells of the end once', async () => {
    const { machine, ended, payloads } = await open();

    await machine.start('oak-1', '{"seconds":30}');

    await expect
      .poll(() => ended)
      .toMatchObject([{ name: 'oak-1', status: 'SUCCEEDED', output: '{"done":true}' }]);
    expect(payloads).toEqual([{ seconds: 30 }]);
  });

  test('answers with the same execution for the same name and input while it runs', async () => {
    const { machine } = await open({ invoke: never });

    const first = await machine.start('oak-1', '{"seconds":0}');
    const second = await machine.start('oak-1', '{"seconds":0}');

    expect(second.startDate).toBe(first.startDate);
    expect(machine.list()).toHaveLength(1);
  });

  test.each([
    ['with another input while it runs', '{"seconds":1}', false],
    ['with the same input after it has ended', '{"seconds":0}', true],
  ])('refuses a name that is taken, %s', async (_, input, hasEnded) => {
    const { machine, ended } = await open(hasEnded ? {} : { invoke: never });
    await machine.start('oak-1', '{"seconds":0}');
    if (hasEnded) await expect.poll(() => ended).toHaveLength(1);

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

  test('refuses an input that is no JSON', async () => {
    const { machine } = await open();

    expect(await machine.start('oak-1', '{').catch(nameOf)).toBe('InvalidExecutionInput');
  });
});

describe('an execution', () => {
  test('is retried by the error’s own name, and fails with name and message of the last one', async () => {
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

    await expect
      .poll(() => ended)
      .toMatchObject([{ status: 'FAILED', error: 'OtherError', cause: '{"errorMessage":"no"}' }]);
    expect(calls).toBe(3);
  });

  test('that is stopped ends as aborted, and what a function answers later changes nothing', async () => {
    let answer: (value: unknown) => void = () => undefined;
    const { machine, ended } = await open({
      invoke: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    });
    const { executionArn } = await machine.start('oak-1', '{"seconds":0}');

    const stopped = await machine.stop(executionArn, undefined, 'by hand');
    answer({ done: true });

    expect(stopped).toMatchObject({ status: 'ABORTED', cause: 'by hand' });
    expect(ended).toMatchObject([{ status: 'ABORTED' }]);
    expect(machine.describe(executionArn).status).toBe('ABORTED');
  });

  test('that was interrupted begins again at its first state with its original input', async () => {
    const { machine, folder } = await open({ invoke: never });
    await machine.start('oak-1', '{"seconds":0}');
    await machine.close();

    const next = await open({ folder });
    next.machine.resume();

    await expect.poll(() => next.ended).toMatchObject([{ name: 'oak-1', status: 'SUCCEEDED' }]);
    expect(next.payloads).toEqual([{ seconds: 0 }]);
  });

  test('whose end was not announced before the process died is announced by the next one', async () => {
    const { machine, folder } = await open({ onEnded: never });
    const { executionArn } = await machine.start('oak-1', '{"seconds":0}');
    await expect.poll(() => machine.describe(executionArn).status).toBe('SUCCEEDED');
    await machine.close();

    const next = await open({ folder });
    next.machine.resume();

    await expect.poll(() => next.ended).toMatchObject([{ name: 'oak-1', status: 'SUCCEEDED' }]);
    expect(next.payloads).toEqual([]);
  });

  test('nobody knows is said not to exist', async () => {
    const { machine } = await open();

    expect(() =>
      machine.describe('arn:aws:states:us-east-1:000000000000:execution:Generation:nobody'),
    ).toThrow('Execution Does Not Exist');
  });
});

test('a definition with a kind of state that can not be followed is refused', async () => {
  const parallel = JSON.stringify({
    StartAt: 'Both',
    States: { Both: { Type: 'Parallel', Branches: [], End: true } },
  });

  await expect(open({ definition: parallel })).rejects.toThrow(
    'the local run does not know the state Both of type Parallel',
  );
});
