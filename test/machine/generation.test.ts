import type { Context } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CheckJobInput, createCheckJob, type JobCheck } from '../../functions/check-job/check-job.ts';
import { HINTS, RunFailedError } from '../../functions/contract/failures.ts';
import { AwsUnavailableError } from '../../functions/platform/errors.ts';
import { ScenarioAccountError, ScenarioBusyError, ScenarioUnavailableError } from '../../functions/scenario/errors.ts';
import { AssetNotReadyError, DownloadBrokenError } from '../../functions/store-assets/errors.ts';
import { mockedClients } from '../functions/submission.ts';
import { virtualTime } from '../functions/virtual-time.ts';
import { synthesizedStack } from '../infra/synthesized.ts';
import { definitionText, machineTimeoutSeconds, stateIn, statesIn } from './definition.ts';
import { execute, type Functions, input, startedAt } from './execution.ts';

const template = synthesizedStack();
const definition = definitionText(template);

const running: JobCheck = { status: 'running', waitSeconds: 25, elapsedSeconds: 55, progress: 0.5, times: [] };
const succeeded: JobCheck = { status: 'succeeded' };

const POLL = ['WaitForJob', 'CheckJob', 'IsJobDone'];
const STORE = ['StoreAssets', 'Stored'];

beforeEach(() => {
  vi.useFakeTimers({ now: new Date(startedAt) });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Throws or answers what stands at its place; the last one stands for all that follow. */
function inTurn<T extends object>(...turns: readonly (T | Error)[]): (nth: number) => T {
  return (nth) => {
    const turn = turns[Math.min(nth, turns.length - 1)];
    if (turn instanceof Error || turn === undefined) throw turn;
    return turn;
  };
}

const checks = (...turns: readonly (JobCheck | Error)[]) => inTurn<JobCheck>(...turns);

/** An error as Lambda itself reports it. */
function named(name: string, message = 'said by AWS'): Error {
  return Object.assign(new Error(message), { name });
}

/** What every execution that stores must have done, whatever happened on its way. */
const stored = { status: 'SUCCEEDED', output: { stored: { status: 'stored', assets: 1 } } } as const;

describe('a job that succeeds', () => {
  it('is stored after the first check when it is done by then', async () => {
    const ended = await execute(definition, { checkJob: checks(succeeded) });

    expect(ended).toMatchObject(stored);
    expect(ended.states).toEqual([...POLL, ...STORE]);
    expect(ended.waits).toEqual([55]);
  });

  it('is polled as often as it needs, each time after the wait that the check before said', async () => {
    const waits = [25, 16, 40, 1, 3600];
    const answers = waits.map((waitSeconds): JobCheck => ({ ...running, waitSeconds }));

    const ended = await execute(definition, { checkJob: checks(...answers, succeeded) });

    expect(ended.waits).toEqual([55, ...waits]);
    expect(ended.states).toEqual([...Array.from({ length: 6 }, () => POLL).flat(), ...STORE]);
    expect(ended.status).toBe('SUCCEEDED');
  });

  it('gives each function its own fields of the input, and CheckJob the last check, and nothing else', async () => {
    const ended = await execute(definition, { checkJob: checks(running, running, running, succeeded) });

    const { runId, jobId, modelId, submittedAt } = input;
    const checked = [input.check, running, running, running].map((check) => ({
      runId,
      jobId,
      modelId,
      submittedAt,
      check,
    }));
    expect(ended.calls.CheckJob).toEqual(checked);
    expect(ended.calls.StoreAssets).toEqual([{ runId, jobId }]);
  });

  it('leaves the input as it came and writes beside it', async () => {
    const ended = await execute(definition, { checkJob: checks(running, succeeded) });

    expect(ended.output).toEqual({
      ...input,
      check: { status: 'succeeded' },
      stored: { status: 'stored', assets: 1 },
    });
  });

  it.each([
    ['tells its progress', (elapsed: number) => elapsed / 180],
    ['says from its start that it is nearly done', () => 0.99],
  ])('is found out with at most nine checks in its first 180 seconds when it %s', async (_, progressAt) => {
    const ended = await execute(definition, realCheckJob(180, progressAt));

    expect(ended).toMatchObject(stored);
    expect(ended.calls.CheckJob.length).toBeLessThanOrEqual(9);
    expect(ended.waits[0]).toBe(55);
    expect(ended.waits.every(Number.isInteger)).toBe(true);
    expect(ended.seconds - 180).toBeLessThan(25);
  });

  it('is found out within one step when it says nothing of its progress', async () => {
    const ended = await execute(
      definition,
      realCheckJob(300, () => 0),
    );

    expect(ended.waits).toEqual([55, ...Array.from({ length: 10 }, () => 25)]);
    expect(ended.status).toBe('SUCCEEDED');
  });
});

describe('a job that fails', () => {
  it('fails the execution with our code as its error and the reason as its cause', async () => {
    const failed: JobCheck = { status: 'failed', code: 'job-failed', reason: 'the image shows nothing' };

    const ended = await execute(definition, { checkJob: checks(running, failed) });

    expect(ended).toMatchObject({ status: 'FAILED', error: 'job-failed', cause: 'the image shows nothing' });
    expect(ended.states).toEqual([...POLL, ...POLL, 'JobFailed']);
    expect(ended.calls.StoreAssets).toEqual([]);
  });

  it('and gave files nevertheless fails the execution with the same code once they are kept', async () => {
    const failed: JobCheck = { status: 'failed', code: 'job-failed', reason: 'half done', assets: 2 };
    const storeAssets = inTurn(new RunFailedError('job-failed', 'half done'));

    const ended = await execute(definition, { checkJob: checks(failed), storeAssets });

    expect(ended).toMatchObject({ status: 'FAILED', error: 'job-failed', cause: 'half done' });
    expect(ended.states).toEqual([...POLL, 'StoreAssets']);
    expect(ended.calls.StoreAssets).toHaveLength(1);
  });

  it.each(['job-canceled', 'job-lost'] as const)('tells %s by its own code', async (code) => {
    const ended = await execute(definition, { checkJob: checks({ status: 'failed', code, reason: 'why' }) });

    expect(ended).toMatchObject({ status: 'FAILED', error: code, cause: 'why' });
  });
});

describe('a check that does not come through', () => {
  it('is tried again after 5, 10 and 20 seconds when Scenario is busy', async () => {
    const busy = new ScenarioBusyError('too many requests');

    const ended = await execute(definition, { checkJob: checks(busy, busy, busy, succeeded) });

    expect(ended).toMatchObject(stored);
    expect(ended.states).toEqual([...POLL, ...STORE]);
    expect(ended.retryWaits).toEqual([5, 10, 20]);
  });

  const refusals = [
    ['Scenario is unavailable', new ScenarioUnavailableError('502')],
    ['Scenario is busy', new ScenarioBusyError('429')],
    ['the account is refused', new ScenarioAccountError('out of credits')],
    ['S3 or another service refuses', new AwsUnavailableError('KMS.DisabledException')],
  ] as const;
  it.each(refusals)('waits where it is for as long as %s, at most 15 minutes at a time', async (_, error) => {
    const tries = Array.from({ length: 200 }, () => error);

    const ended = await execute(definition, {
      checkJob: checks(...tries, succeeded),
      storeAssets: inTurn<object>(...tries, { status: 'stored', assets: 1 }),
    });

    expect(ended).toMatchObject(stored);
    expect(ended.states).toEqual([...POLL, ...STORE]);
    expect(ended.retryWaits.slice(0, 9)).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 900]);
    expect(ended.retryWaits).toHaveLength(400);
  });

  it.each([
    ['Lambda has no capacity left', named('Lambda.TooManyRequestsException')],
    ['Lambda itself is broken', named('Lambda.ServiceException')],
    ['Lambda gives an error of its own', named('Lambda.AWSLambdaException')],
    ['the SDK of Step Functions fails', named('Lambda.SdkClientException')],
    ['Lambda does not answer', named('Lambda.ClientExecutionTimeoutException')],
    ['CheckJob dies for an unknown reason', named('Lambda.Unknown')],
    ['CheckJob is out of time', named('Sandbox.Timedout')],
    ['CheckJob exits', named('Runtime.ExitError')],
  ])('goes back to waiting as often as need be while %s, and ends stored', async (_, error) => {
    const rounds = 12;
    const tries = Array.from({ length: rounds * 4 }, () => error);
    const slower: JobCheck = { ...running, waitSeconds: 17 };

    const ended = await execute(definition, { checkJob: checks(slower, ...tries, running, succeeded) });

    expect(ended.output).toEqual({ ...input, check: succeeded, stored: { status: 'stored', assets: 1 } });
    const lost = Array.from({ length: rounds }, () => ['WaitForJob', 'CheckJob']).flat();
    expect(ended.states).toEqual([...POLL, ...lost, ...POLL, ...POLL, ...STORE]);
    expect(ended.waits).toEqual([55, ...Array.from({ length: rounds + 1 }, () => 17), 25]);
    expect(ended.retryWaits).toEqual(Array.from({ length: rounds }, () => [5, 10, 20]).flat());
  });

  it('goes back to the first wait when not even the first check came through', async () => {
    const gone = named('Lambda.ServiceException');

    const ended = await execute(definition, {
      checkJob: checks(gone, gone, gone, gone, succeeded),
    });

    expect(ended).toMatchObject(stored);
    expect(ended.waits).toEqual([55, 55]);
  });

  it('is given up 10 seconds after the time-out of CheckJob and tried again', async () => {
    const never = new Promise<never>(() => undefined);

    const ended = await execute(definition, { checkJob: (nth) => (nth === 0 ? never : succeeded) });

    expect(ended).toMatchObject(stored);
    expect(ended.seconds).toBe(55 + 130 + 5);
  });

  it.each([
    ['past the deadline', new RunFailedError('deadline', 'the job is not done after 45 minutes')],
    ['when the job is lost', new RunFailedError('job-lost', 'Scenario does not know the job job_1')],
  ])('fails the execution at once %s', async (_, failure) => {
    const ended = await execute(definition, { checkJob: checks(running, failure, succeeded) });

    expect(ended).toMatchObject({ status: 'FAILED', error: failure.name, cause: failure.message });
    expect(ended.states).toEqual([...POLL, 'WaitForJob', 'CheckJob']);
    expect(ended.retryWaits).toEqual([]);
    expect(ended.calls.CheckJob).toHaveLength(2);
  });

  it('meets the deadline of the real CheckJob within one wait of 45 minutes', async () => {
    const ended = await execute(
      definition,
      realCheckJob(Number.POSITIVE_INFINITY, () => 0),
    );

    expect(ended).toMatchObject({ status: 'FAILED', error: 'deadline' });
    expect(ended.seconds).toBeGreaterThan(45 * 60);
    expect(ended.seconds).toBeLessThanOrEqual(45 * 60 + 25);
  });

  it('fails the execution at once with an unknown error', async () => {
    const ended = await execute(definition, { checkJob: checks(new TypeError('a bug'), succeeded) });

    expect(ended).toMatchObject({ status: 'FAILED', error: 'TypeError', cause: 'a bug' });
    expect(ended.calls.CheckJob).toHaveLength(1);
  });
});

describe('storing that does not come through', () => {
  const result = { status: 'stored', assets: 1 };
  const store = (...turns: readonly (object | Error)[]): Functions => ({
    checkJob: checks(succeeded),
    storeAssets: inTurn<object>(...turns),
  });

  it('is tried again, later and later, a minute apart at most, until the files are there', async () => {
    const broken = new DownloadBrokenError('asset_1 has 3 bytes and should have 9');

    const ended = await execute(definition, store(...Array.from({ length: 6 }, () => broken), result));

    expect(ended).toMatchObject(stored);
    expect(ended.states).toEqual([...POLL, ...STORE]);
    expect(ended.retryWaits).toEqual([5, 10, 20, 40, 60, 60]);
    expect(ended.calls.StoreAssets).toEqual(
      Array.from({ length: 7 }, () => ({ runId: input.runId, jobId: input.jobId })),
    );
  });

  it('is tried for more than ten minutes while a file is not ready', async () => {
    const notReady = new AssetNotReadyError('the job names no 3D file yet');

    const ended = await execute(definition, store(...Array.from({ length: 13 }, () => notReady), result));

    expect(ended).toMatchObject(stored);
    expect(ended.retryWaits.reduce((sum, seconds) => sum + seconds)).toBe(5 + 10 + 20 + 40 + 9 * 60);
  });

  it.each([
    new ScenarioBusyError('429'),
    new ScenarioUnavailableError('502'),
    new ScenarioAccountError('401'),
    new AssetNotReadyError('pending'),
    new DownloadBrokenError('cut'),
    new AwsUnavailableError('the bus refused'),
    named('Lambda.TooManyRequestsException'),
    named('Lambda.Unknown'),
    named('Sandbox.Timedout'),
    named('Runtime.ExitError'),
  ])('is tried again after $name', async (error) => {
    const ended = await execute(definition, store(error, result));

    expect(ended).toMatchObject(stored);
    expect(ended.retryWaits).toEqual([5]);
  });

  it('is given up 10 seconds after the time-out of StoreAssets and tried again', async () => {
    const never = new Promise<never>(() => undefined);

    const ended = await execute(definition, {
      checkJob: checks(succeeded),
      storeAssets: (nth) => (nth === 0 ? never : result),
    });

    expect(ended).toMatchObject(stored);
    expect(ended.seconds).toBe(55 + 910 + 5);
  });

  it('fails the execution with its last error after six retries', async () => {
    const ended = await execute(definition, store(new DownloadBrokenError('cut again')));

    expect(ended).toMatchObject({ status: 'FAILED', error: 'DownloadBrokenError', cause: 'cut again' });
    expect(ended.calls.StoreAssets).toHaveLength(7);
    expect(ended.states).toEqual([...POLL, 'StoreAssets']);
  });

  it.each(['no-model', 'too-many-assets', 'download-broken', 'job-failed', 'job-canceled'] as const)(
    'is not tried again after the failure %s, which ends the execution by its code',
    async (code) => {
      const failure = new RunFailedError(code, 'this is why');

      const ended = await execute(definition, store(failure, result));

      expect(ended).toMatchObject({ status: 'FAILED', error: code, cause: 'this is why' });
      expect(ended.calls.StoreAssets).toHaveLength(1);
    },
  );

  it('is tried again after an unknown error, too, because it never pays', async () => {
    const recovered = await execute(definition, store(named('AccessDeniedException'), new TypeError('a bug'), result));
    const broken = await execute(definition, store(new TypeError('a bug')));

    expect(recovered).toMatchObject(stored);
    expect(broken).toMatchObject({ status: 'FAILED', error: 'TypeError' });
    expect(broken.calls.StoreAssets).toHaveLength(7);
  });
});

describe('an execution that is ended from outside', () => {
  it('checks and stores nothing any more once it is aborted', async () => {
    const ended = await execute(definition, { checkJob: checks(running) }, { abortAfterSeconds: 55 + 25 + 10 });

    expect(ended.status).toBe('ABORTED');
    expect(ended.calls.CheckJob).toHaveLength(2);
    expect(ended.calls.StoreAssets).toEqual([]);
  });

  it('times out after 13 days when its job never says anything else but running', async () => {
    const slow: JobCheck = { ...running, waitSeconds: 3600 };

    const ended = await execute(definition, { checkJob: checks(slow) });

    expect(ended.status).toBe('TIMED_OUT');
    expect(ended.seconds).toBe(13 * 24 * 3600);
  });
});

describe('the definition', () => {
  const states = statesIn(definition);
  const tasks = Object.entries(states).filter(([, { Type }]) => Type === 'Task');
  const scenario = ['ScenarioBusyError', 'ScenarioUnavailableError', 'ScenarioAccountError', 'AwsUnavailableError'];
  const lambda = [
    'Lambda.ServiceException',
    'Lambda.AWSLambdaException',
    'Lambda.SdkClientException',
    'Lambda.ClientExecutionTimeoutException',
    'Lambda.TooManyRequestsException',
    'Lambda.ResourceNotReadyException',
    'Lambda.ResourceConflictException',
    'Lambda.ResourceNotFoundException',
    'Lambda.EC2ThrottledException',
    'Lambda.EC2UnexpectedException',
    'Lambda.ENILimitReachedException',
    'Lambda.KMSAccessDeniedException',
    'Lambda.KMSDisabledException',
    'Lambda.KMSInvalidStateException',
    'Lambda.KMSNotFoundException',
    'Lambda.AccessDeniedException',
    'Lambda.Unknown',
    'Sandbox.Timedout',
    'Runtime.ExitError',
    'Runtime.OutOfMemory',
    'Runtime.ImportModuleError',
    'States.Timeout',
  ];

  it('has the states of the picture', () => {
    expect(Object.entries(states).map(([name, { Type }]) => `${name} ${Type}`)).toEqual([
      'WaitForJob Wait',
      'CheckJob Task',
      'IsJobDone Choice',
      'StoreAssets Task',
      'Stored Succeed',
      'JobFailed Fail',
    ]);
  });

  it.each(tasks)('calls the function of the same name in %s', (name, { Resource }) => {
    expect(Resource).toBe(`arn:aws:lambda:us-east-1:111122223333:function:${name}`);
    expect(template.resources('AWS::Lambda::Function')).toHaveProperty(name);
  });

  it.each(tasks)('lets %s run 10 seconds longer than its function may', (name, { TimeoutSeconds }) => {
    const { Timeout } = template.properties('AWS::Lambda::Function', name);

    expect(TimeoutSeconds).toBe(Number(Timeout) + 10);
  });

  it.each(tasks)('retries no failure in %s that is final, and catches none', (_, { Retry, Catch }) => {
    const caught = Catch.flatMap(({ ErrorEquals }) => ErrorEquals);
    const firstFor = (code: string) =>
      Retry.find(({ ErrorEquals }) => ErrorEquals.includes(code) || ErrorEquals.includes('States.ALL'));

    expect(caught.filter((name) => ['States.ALL', 'States.TaskFailed'].includes(name))).toEqual([]);
    for (const code of Object.keys(HINTS)) {
      expect(caught).not.toContain(code);
      expect(firstFor(code)?.MaxAttempts ?? 0).toBe(0);
    }
  });

  const waiting = {
    ErrorEquals: scenario,
    IntervalSeconds: 5,
    BackoffRate: 2,
    MaxDelaySeconds: 900,
    MaxAttempts: 99_999_999,
    JitterStrategy: 'FULL',
  };

  it('retries CheckJob three times after an error of Lambda, and catches exactly that, with the result discarded', () => {
    const { Retry, Catch } = stateIn(definition, 'CheckJob');

    expect(Retry).toEqual([
      waiting,
      { ErrorEquals: lambda, IntervalSeconds: 5, BackoffRate: 2, MaxAttempts: 3, JitterStrategy: 'FULL' },
    ]);
    expect(Catch).toEqual([{ ErrorEquals: lambda, ResultPath: null, Next: 'WaitForJob' }]);
  });

  const patient = { IntervalSeconds: 5, BackoffRate: 2, MaxDelaySeconds: 60 };

  it('waits ten minutes and more for files that are not ready, and tries everything else six times', () => {
    const { Retry, Catch } = stateIn(definition, 'StoreAssets');

    expect(Retry).toEqual([
      waiting,
      { ...patient, ErrorEquals: ['AssetNotReadyError'], MaxAttempts: 20, JitterStrategy: 'NONE' },
      { ErrorEquals: Object.keys(HINTS), MaxAttempts: 0 },
      { ...patient, ErrorEquals: ['States.ALL'], MaxAttempts: 6, JitterStrategy: 'FULL' },
    ]);
    expect(Catch).toEqual([]);
  });

  it('writes what tasks answer beside the input, and throws no state away', () => {
    expect(tasks.map(([name, { ResultPath }]) => `${name} ${ResultPath}`)).toEqual([
      'CheckJob $.check',
      'StoreAssets $.stored',
    ]);
    expect(Object.values(states).filter(({ OutputPath }) => OutputPath !== undefined)).toEqual([]);
  });

  it('times out after 13 days: a failed execution can be redriven for 14', () => {
    expect(machineTimeoutSeconds(definition)).toBe(13 * 24 * 3600);
  });
});

/** The real function, as it is composed in AWS, against a job that ends at `doneAfterSeconds`. */
function realCheckJob(doneAfterSeconds: number, progressAt: (elapsedSeconds: number) => number): Functions {
  const answering: typeof fetch = async () => {
    const elapsed = (Date.now() - Date.parse(startedAt)) / 1000;
    const state =
      elapsed >= doneAfterSeconds
        ? { status: 'success', progress: 1, metadata: { assetIds: ['asset_1'] } }
        : { status: 'in-progress', progress: progressAt(elapsed) };
    return Response.json({ job: { jobId: input.jobId, createdAt: startedAt, ...state } });
  };
  const env = {
    SCENARIO_URL: 'https://api.example/v1',
    SCENARIO_SECRET_ARN: 'arn:secret',
    RESULT_HOSTS: '[]',
    ASSET_BUCKET: 'assets',
    JOB_DEADLINE_SECONDS: String(45 * 60),
  };
  const clock = { ...virtualTime(), now: () => Date.now() };
  const checkJob = createCheckJob(env, { ...mockedClients([]), fetch: answering }, clock);
  return { checkJob: (_, payload) => checkJob(payload as CheckJobInput, {} as Context) };
}
