import { ExecutionError, StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions';
import * as z from 'zod';
import { FunctionError } from './invocation.ts';
import type { Random } from './random.ts';
import type { World } from './world.ts';

const retrierSchema = z.strictObject({
  ErrorEquals: z.array(z.string()),
  IntervalSeconds: z.number().default(1),
  MaxAttempts: z.number().default(3),
  BackoffRate: z.number().default(2),
  MaxDelaySeconds: z.number().optional(),
  JitterStrategy: z.enum(['FULL', 'NONE']).default('NONE'),
});
const stateSchema = z.looseObject({
  Type: z.enum(['Wait', 'Task', 'Choice', 'Pass', 'Succeed', 'Fail']),
  Resource: z.string().optional(),
  SecondsPath: z.string().optional(),
  TimeoutSeconds: z.number().optional(),
  Retry: z.array(retrierSchema).default([]),
});
const definitionSchema = z.looseObject({
  StartAt: z.string(),
  TimeoutSeconds: z.number(),
  States: z.record(z.string(), stateSchema),
});
type State = z.infer<typeof stateSchema>;
type JsonValue = Parameters<StateMachine['run']>[0];

export interface Execution {
  readonly name: string;
  readonly executionArn: string;
  readonly stateMachineArn: string;
  readonly input: string;
  readonly status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  readonly startDate: number;
  readonly stopDate?: number;
  readonly output?: string;
  readonly error?: string;
  readonly cause?: string;
}

/** What is left of the definition for the interpreter; retries and time-outs are kept on the world's clock. */
export interface Plan {
  readonly timeoutSeconds: number;
  readonly states: Readonly<Record<string, State>>;
  readonly machine: StateMachine;
}

/** The interpreter's own timer of a task, in real seconds: longer than any simulation. */
const NEVER_SECONDS = 2_000_000;

export function planOf(definitionText: string): Plan {
  const { States, TimeoutSeconds, ...rest } = definitionSchema.parse(JSON.parse(definitionText));
  const bare = Object.entries(States).map(([name, state]) => [name, bareState(name, state)]);
  const definition = { ...rest, States: Object.fromEntries(bare) } as unknown as StateMachineDefinition;
  // Validated once, by a test of the machine.
  const machine = new StateMachine(definition, { validationOptions: { noValidate: true } });
  return { timeoutSeconds: TimeoutSeconds, states: States, machine };
}

/** A wait becomes a task, because the interpreter's own waits take real time. */
function bareState(name: string, { Retry: _, ...state }: State): object {
  if (state.Type === 'Task') return { ...state, TimeoutSeconds: NEVER_SECONDS };
  if (state.Type !== 'Wait') return state;
  const { SecondsPath, ...wait } = state;
  if (SecondsPath === undefined) throw new Error(`the wait ${name} is of a kind that is not simulated`);
  const task = { Type: 'Task', Resource: `arn:aws:lambda:us-east-1:000000000000:function:${name}` };
  return {
    ...wait,
    ...task,
    Parameters: { 'seconds.$': SecondsPath },
    ResultPath: null,
    TimeoutSeconds: NEVER_SECONDS,
  };
}

export interface Machine {
  readonly arn: string;
  /** 'ExecutionAlreadyExists' when the name is taken by another, or by one that has ended. */
  start(name: string, input: string): Execution | 'ExecutionAlreadyExists';
  describe(executionArn: string): Execution | undefined;
  list(): readonly Execution[];
  /** As somebody stops it by hand. Functions that work for it live on. */
  abort(execution: Execution): void;
  /** Lets go of what the interpreter still waits for. */
  close(): void;
}

interface MachineTools {
  readonly arn: string;
  readonly plan: Plan;
  readonly random: Random;
  readonly onChange: (execution: Execution) => void;
}

const waitInput = z.object({ seconds: z.number().int().nonnegative() });

export function createMachine(world: World, { arn, plan, random, onChange }: MachineTools): Machine {
  const executions = new Map<string, Execution>();
  const ends = new Map<string, (how: Partial<Execution>) => void>();
  const waiting = new Set<(error: Error) => void>();

  function start(name: string, input: string): Execution | 'ExecutionAlreadyExists' {
    const standing = executions.get(name);
    if (standing)
      return standing.status === 'RUNNING' && standing.input === input ? standing : 'ExecutionAlreadyExists';
    const executionArn = `${arn.replace(':stateMachine:', ':execution:')}:${name}`;
    const startDate = world.clock.now();
    const execution = {
      name,
      executionArn,
      stateMachineArn: arn,
      input,
      status: 'RUNNING',
      startDate,
    } as const;
    keep(execution);
    run(execution);
    return execution;
  }

  function keep(execution: Execution): void {
    executions.set(execution.name, execution);
    onChange(execution);
  }

  function run(execution: Execution): void {
    const isOver = () => executions.get(execution.name)?.status !== 'RUNNING';
    const end = (how: Partial<Execution>) => {
      if (isOver()) return;
      cancel();
      world.story.note('Generation', `${how.status} ${how.error ?? ''}  ${execution.name}`);
      keep({ ...execution, ...how, stopDate: world.clock.now() });
    };
    ends.set(execution.name, end);
    const cancel = world.clock.after(
      plan.timeoutSeconds * 1000,
      () => end({ status: 'TIMED_OUT', error: 'States.Timeout' }),
      { isBackground: true },
    );
    const handlers = Object.entries(plan.states).flatMap(([state, { Type, ...rest }]) => {
      if (Type === 'Wait') return [[state, (input: JsonValue) => wait(input, isOver)] as const];
      if (Type !== 'Task') return [];
      return [[state, (input: JsonValue) => task({ Type, ...rest }, input, isOver)] as const];
    });
    const { result } = plan.machine.run(JSON.parse(execution.input) as JsonValue, {
      overrides: { taskResourceLocalHandlers: Object.fromEntries(handlers) },
    });
    result.then(
      (output) => end({ status: 'SUCCEEDED', output: JSON.stringify(output) }),
      (error: unknown) => end(failureOf(error)),
    );
  }

  /** A promise of the interpreter's, which lives no longer than the world: it holds a real timer. */
  function held<T>(
    work: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      waiting.add(reject);
      const settled =
        <V>(settle: (value: V) => void) =>
        (value: V) => {
          waiting.delete(reject);
          settle(value);
        };
      work(settled(resolve), settled(reject));
    });
  }

  function wait(input: JsonValue, isOver: () => boolean): Promise<JsonValue> {
    const { seconds } = waitInput.parse(input);
    return held((resolve) => {
      world.clock.after(seconds * 1000, () => {
        if (!isOver()) resolve({});
      });
    });
  }

  function task(state: State, payload: JsonValue, isOver: () => boolean): Promise<JsonValue> {
    const retried = state.Retry.map(() => 0);
    return held((resolve, reject) => {
      const attempt = () => {
        if (isOver()) return;
        withinTime(state, payload).then(
          (output) => {
            if (!isOver()) resolve(output);
          },
          (error: Error) => {
            if (isOver()) return;
            const nth = state.Retry.findIndex(({ ErrorEquals }) => ErrorEquals.includes(error.name));
            const retrier = state.Retry[nth];
            const before = retried[nth] ?? 0;
            if (!retrier || before >= retrier.MaxAttempts) return reject(error);
            retried[nth] = before + 1;
            world.clock.after(delayMs(retrier, before, random), attempt);
          },
        );
      };
      world.clock.after(20 * random(), attempt);
    });
  }

  function withinTime({ Resource = '', TimeoutSeconds = 60 }: State, payload: JsonValue): Promise<JsonValue> {
    const functionName = Resource.slice(Resource.lastIndexOf(':') + 1);
    return new Promise((resolve, reject) => {
      const cancel = world.clock.after(TimeoutSeconds * 1000, () =>
        reject(new FunctionError('States.Timeout', '')),
      );
      void world.lambda
        .invoke(functionName, payload)
        .then((output) => resolve(output as JsonValue), reject)
        .finally(cancel);
    });
  }

  return {
    arn,
    start,
    describe: (executionArn) => [...executions.values()].find((one) => one.executionArn === executionArn),
    list: () => [...executions.values()],
    abort: (execution) => ends.get(execution.name)?.({ status: 'ABORTED' }),
    close: () => {
      for (const reject of waiting) reject(new Error('the world has ended'));
    },
  };
}

type Retrier = z.infer<typeof retrierSchema>;

function delayMs(
  { IntervalSeconds, BackoffRate, MaxDelaySeconds = Infinity, JitterStrategy }: Retrier,
  before: number,
  random: Random,
): number {
  const seconds = Math.min(MaxDelaySeconds, IntervalSeconds * BackoffRate ** before);
  return 1000 * (JitterStrategy === 'FULL' ? random() * seconds : seconds);
}

function failureOf(error: unknown): Partial<Execution> {
  const cause = error instanceof ExecutionError && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return { status: 'FAILED', error: 'States.Runtime', cause: String(cause) };
  return { status: 'FAILED', error: cause.name, cause: cause.message };
}
