import { setTimeout as sleep } from 'node:timers/promises';
import {
  ExecutionAbortedError,
  ExecutionError,
  ExecutionTimeoutError,
  StateMachine,
  type StateMachineDefinition,
} from 'aws-local-stepfunctions';
import * as z from 'zod';
import { openDurableFiles } from './durable-files.ts';

const executionSchema = z.object({
  name: z.string(),
  executionArn: z.string(),
  stateMachineArn: z.string(),
  input: z.string(),
  status: z.enum(['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED']),
  /** Milliseconds since 1970. */
  startDate: z.number(),
  stopDate: z.number().optional(),
  output: z.string().optional(),
  error: z.string().optional(),
  cause: z.string().optional(),
  /** Whether its end was announced on the default bus. */
  announced: z.boolean(),
});

export type Execution = z.infer<typeof executionSchema>;

export interface MachineOptions {
  readonly arn: string;
  readonly definition: string;
  readonly folder: string;
  /** Divides waits and retry intervals; never a time-out. */
  readonly speed: number;
  /** Calls the function with this ARN. */
  readonly invoke: (functionArn: string, payload: unknown) => Promise<unknown>;
  /** Resolves when the end of an execution is announced. */
  readonly onEnded: (execution: Execution) => Promise<void>;
  /** Told when a task or a wait begins, and what a task answered. */
  readonly onTask: (execution: Execution, state: string, output?: unknown) => void;
}

/** A refusal of the Step Functions API, by its error's name. */
export class StepFunctionsError extends Error {
  override readonly name: string;

  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

export interface Machine {
  /** @throws StepFunctionsError ExecutionAlreadyExists, InvalidName or InvalidExecutionInput */
  start(name: string, input: string): Promise<Execution>;
  /** @throws StepFunctionsError ExecutionDoesNotExist */
  describe(executionArn: string): Execution;
  /** Newest first. */
  list(): readonly Execution[];
  /** @throws StepFunctionsError ExecutionDoesNotExist */
  stop(executionArn: string, error?: string, cause?: string): Promise<Execution>;
  /** Goes on with what an earlier process left: running executions begin again, unannounced ends are announced. */
  resume(): void;
  close(): Promise<void>;
}

/** Names are taken for 90 days after an execution's end. */
const NAME_TAKEN_MS = 90 * 24 * 3_600_000;

/** @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html */
const FORBIDDEN_IN_NAME = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f]/;

export async function openMachine(options: MachineOptions): Promise<Machine> {
  const files = await openDurableFiles(options.folder);
  const stored = [...(await files.readAll()).values()].map((execution) => executionSchema.parse(execution));
  const executions = new Map(stored.map((execution) => [execution.name, execution]));
  const running = new Map<string, () => void>();
  const definition = localDefinition(options.definition);
  const waitStates = statesOf(definition, 'Wait');
  const machine = new StateMachine(withTaskWaits(definition, options.speed), {
    validationOptions: { noValidate: true },
  });
  let closed = false;

  const writing = new Set<Promise<void>>();

  async function keep(execution: Execution): Promise<void> {
    const written = files.write(execution.name, execution);
    writing.add(written);
    await written.finally(() => writing.delete(written));
    executions.set(execution.name, execution);
  }

  async function end(execution: Execution, how: Partial<Execution>): Promise<void> {
    // Aborted while a function still worked: the first end counts.
    if (closed || executions.get(execution.name)?.status !== 'RUNNING') return;
    running.delete(execution.name);
    const ended: Execution = { ...execution, ...how, stopDate: Date.now() };
    await keep(ended);
    await announce(ended);
  }

  async function announce(ended: Execution): Promise<void> {
    await options.onEnded(ended);
    if (!closed) await keep({ ...ended, announced: true });
  }

  function run(execution: Execution): void {
    const isOver = () => closed || executions.get(execution.name)?.status !== 'RUNNING';
    const handlers = handlersOf(definition, waitStates, execution, options, isOver);
    const { result, abort } = machine.run(JSON.parse(execution.input) as JsonValue, {
      overrides: { taskResourceLocalHandlers: handlers },
    });
    running.set(execution.name, abort);
    result
      .then(
        (output) => end(execution, { status: 'SUCCEEDED', output: JSON.stringify(output) }),
        (error: unknown) => end(execution, failureOf(error)),
      )
      .catch((error: unknown) =>
        process.stderr.write(`meshdrop: the end of ${execution.name} was not kept: ${String(error)}\n`),
      );
  }

  function described(executionArn: string): Execution {
    const found = [...executions.values()].find((execution) => execution.executionArn === executionArn);
    if (!found)
      throw new StepFunctionsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${executionArn}'`);
    return found;
  }

  return {
    start: async (name, input) => {
      checkStart(name, input);
      const standing = executions.get(name);
      if (standing?.status === 'RUNNING' && standing.input === input) return standing;
      if (standing && Date.now() - (standing.stopDate ?? Date.now()) < NAME_TAKEN_MS) {
        throw new StepFunctionsError(
          'ExecutionAlreadyExists',
          `Execution Already Exists: '${standing.executionArn}'`,
        );
      }
      const executionArn = `${options.arn.replace(':stateMachine:', ':execution:')}:${name}`;
      const execution: Execution = {
        name,
        executionArn,
        stateMachineArn: options.arn,
        input,
        status: 'RUNNING',
        startDate: Date.now(),
        announced: false,
      };
      executions.set(name, execution);
      await keep(execution);
      run(execution);
      return execution;
    },
    describe: described,
    list: () => [...executions.values()].sort((a, b) => b.startDate - a.startDate),
    stop: async (executionArn, error, cause) => {
      const execution = described(executionArn);
      const abort = running.get(execution.name);
      await end(execution, {
        status: 'ABORTED',
        ...(error !== undefined && { error }),
        ...(cause !== undefined && { cause }),
      });
      abort?.();
      return described(executionArn);
    },
    resume: () => {
      for (const execution of executions.values()) {
        if (execution.status === 'RUNNING') run(execution);
        else if (!execution.announced) void announce(execution);
      }
    },
    close: async () => {
      closed = true;
      for (const abort of running.values()) abort();
      await Promise.allSettled(writing);
    },
  };
}

function checkStart(name: string, input: string): void {
  if (name.length === 0 || name.length > 80 || FORBIDDEN_IN_NAME.test(name)) {
    throw new StepFunctionsError('InvalidName', `Invalid Name: '${name}'`);
  }
  try {
    JSON.parse(input);
  } catch {
    throw new StepFunctionsError(
      'InvalidExecutionInput',
      'Invalid State Machine Execution Input: it is no JSON',
    );
  }
}

const stateSchema = z.looseObject({
  Type: z.string(),
  Resource: z.string().optional(),
  Seconds: z.number().optional(),
  SecondsPath: z.string().optional(),
  Next: z.string().optional(),
  Retry: z
    .array(z.looseObject({ IntervalSeconds: z.number().default(1), MaxDelaySeconds: z.number().optional() }))
    .optional(),
});
const definitionSchema = z.looseObject({
  QueryLanguage: z.literal('JSONPath').optional(),
  States: z.record(z.string(), stateSchema),
});
type Definition = z.infer<typeof definitionSchema>;
type State = z.infer<typeof stateSchema>;

/** @throws Error when the definition has a kind of state that this run can not follow at its own speed */
function localDefinition(text: string): Definition {
  const definition = definitionSchema.parse(JSON.parse(text));
  for (const [name, { Type }] of Object.entries(definition.States)) {
    if (!['Wait', 'Task', 'Choice', 'Pass', 'Succeed', 'Fail'].includes(Type)) {
      throw new Error(`the local run does not know the state ${name} of type ${Type}`);
    }
  }
  return definition;
}

function statesOf({ States }: Definition, type: string): readonly string[] {
  return Object.entries(States)
    .filter(([, state]) => state.Type === type)
    .map(([name]) => name);
}

/** Longer than any wait; Node's timers take no more than 2^31 ms. */
const NO_TIMEOUT_SECONDS = 2_000_000;

/**
 * The definition with its retry intervals divided, and each Wait made a task that waits for the divided time: the
 * interpreter's own waits take whole seconds only. Everything else is as synthesized.
 */
function withTaskWaits(definition: Definition, speed: number): StateMachineDefinition {
  const States: Record<string, object> = {};
  for (const [name, state] of Object.entries(definition.States)) {
    States[name] = state.Type === 'Wait' ? taskWait(name, state) : quicker(state, speed);
  }
  return { ...definition, States } as unknown as StateMachineDefinition;
}

function taskWait(name: string, { Seconds, SecondsPath, Next }: State): object {
  const parameters = SecondsPath === undefined ? { seconds: Seconds } : { 'seconds.$': SecondsPath };
  return {
    Type: 'Task',
    Resource: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
    Parameters: parameters,
    ResultPath: null,
    TimeoutSeconds: NO_TIMEOUT_SECONDS,
    Next,
  };
}

function quicker(state: State, speed: number): State {
  if (!state.Retry) return state;
  const Retry = state.Retry.map((retrier) => ({
    ...retrier,
    IntervalSeconds: retrier.IntervalSeconds / speed,
    ...(retrier.MaxDelaySeconds !== undefined && { MaxDelaySeconds: retrier.MaxDelaySeconds / speed }),
  }));
  return { ...state, Retry };
}

type JsonValue = Parameters<StateMachine['run']>[0];
type Handlers = Record<string, (input: JsonValue) => Promise<JsonValue>>;

const waitInput = z.object({ seconds: z.number().int().nonnegative() });

function handlersOf(
  definition: Definition,
  waits: readonly string[],
  execution: Execution,
  options: MachineOptions,
  isOver: () => boolean,
): Handlers {
  const forever = () => new Promise<JsonValue>(() => undefined);
  const handlers: Handlers = {};
  for (const name of waits) {
    handlers[name] = async (input) => {
      options.onTask(execution, name);
      await sleep((waitInput.parse(input).seconds * 1000) / options.speed, undefined, { ref: false });
      return isOver() ? await forever() : {};
    };
  }
  for (const name of statesOf(definition, 'Task')) {
    const functionArn = definition.States[name]?.Resource ?? '';
    handlers[name] = async (payload) => {
      // The interpreter goes on after an abort; nothing may be called any more then.
      if (isOver()) return await forever();
      options.onTask(execution, name);
      const output = (await options.invoke(functionArn, payload)) as JsonValue;
      options.onTask(execution, name, output);
      return output;
    };
  }
  return handlers;
}

function failureOf(error: unknown): Partial<Execution> {
  if (error instanceof ExecutionTimeoutError) return { status: 'TIMED_OUT', error: 'States.Timeout' };
  if (error instanceof ExecutionAbortedError) return { status: 'ABORTED' };
  const cause = error instanceof ExecutionError && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return { status: 'FAILED', error: 'States.Runtime', cause: String(cause) };
  return { status: 'FAILED', error: cause.name, cause: cause.message };
}
