import { setTimeout as sleep } from 'node:timers/promises';
import {
  ExecutionAbortedError,
  ExecutionError,
  ExecutionTimeoutError,
  StateMachine,
} from 'aws-local-stepfunctions';
import * as z from 'zod';
import { type DurableFiles, openDurableFiles } from './durable-files.ts';
import { atSpeed, type Definition, readDefinition, statesOf } from './machine-definition.ts';

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
  return new LocalMachine(options, files, stored);
}

class LocalMachine implements Machine {
  readonly #options: MachineOptions;
  readonly #files: DurableFiles;
  readonly #executions: Map<string, Execution>;
  readonly #definition: Definition;
  readonly #interpreter: StateMachine;
  readonly #aborts = new Map<string, () => void>();
  readonly #writing = new Set<Promise<void>>();
  #closed = false;

  constructor(options: MachineOptions, files: DurableFiles, stored: readonly Execution[]) {
    this.#options = options;
    this.#files = files;
    this.#executions = new Map(stored.map((execution) => [execution.name, execution]));
    this.#definition = readDefinition(options.definition);
    this.#interpreter = new StateMachine(atSpeed(this.#definition, options.speed), {
      validationOptions: { noValidate: true },
    });
  }

  async start(name: string, input: string): Promise<Execution> {
    checkStart(name, input);
    const standing = this.#executions.get(name);
    if (standing?.status === 'RUNNING' && standing.input === input) return standing;
    if (standing && Date.now() - (standing.stopDate ?? Date.now()) < NAME_TAKEN_MS) {
      throw new StepFunctionsError(
        'ExecutionAlreadyExists',
        `Execution Already Exists: '${standing.executionArn}'`,
      );
    }
    const { arn } = this.#options;
    const executionArn = `${arn.replace(':stateMachine:', ':execution:')}:${name}`;
    const started = { name, executionArn, stateMachineArn: arn, input, startDate: Date.now() };
    const execution: Execution = { ...started, status: 'RUNNING', announced: false };
    await this.#keep(execution);
    this.#run(execution);
    return execution;
  }

  describe(executionArn: string): Execution {
    const found = [...this.#executions.values()].find((execution) => execution.executionArn === executionArn);
    if (!found)
      throw new StepFunctionsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${executionArn}'`);
    return found;
  }

  list(): readonly Execution[] {
    return [...this.#executions.values()].sort((a, b) => b.startDate - a.startDate);
  }

  async stop(executionArn: string, error?: string, cause?: string): Promise<Execution> {
    const execution = this.describe(executionArn);
    const abort = this.#aborts.get(execution.name);
    await this.#end(execution, {
      status: 'ABORTED',
      ...(error !== undefined && { error }),
      ...(cause !== undefined && { cause }),
    });
    abort?.();
    return this.describe(executionArn);
  }

  resume(): void {
    for (const execution of this.#executions.values()) {
      if (execution.status === 'RUNNING') this.#run(execution);
      else if (!execution.announced) void this.#announce(execution);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const abort of this.#aborts.values()) abort();
    await Promise.allSettled(this.#writing);
  }

  #run(execution: Execution): void {
    const isOver = () => this.#closed || this.#executions.get(execution.name)?.status !== 'RUNNING';
    const taskResourceLocalHandlers = handlersOf(this.#definition, execution, this.#options, isOver);
    const input = JSON.parse(execution.input) as JsonValue;
    const { result, abort } = this.#interpreter.run(input, { overrides: { taskResourceLocalHandlers } });
    this.#aborts.set(execution.name, abort);
    result
      .then(
        (output) => this.#end(execution, { status: 'SUCCEEDED', output: JSON.stringify(output) }),
        (error: unknown) => this.#end(execution, failureOf(error)),
      )
      .catch((error: unknown) => {
        process.stderr.write(`meshdrop: the end of ${execution.name} was not kept: ${String(error)}\n`);
      });
  }

  async #end(execution: Execution, how: Partial<Execution>): Promise<void> {
    // Aborted while a function still worked: the first end counts.
    if (this.#closed || this.#executions.get(execution.name)?.status !== 'RUNNING') return;
    this.#aborts.delete(execution.name);
    const ended: Execution = { ...execution, ...how, stopDate: Date.now() };
    await this.#keep(ended);
    await this.#announce(ended);
  }

  async #announce(ended: Execution): Promise<void> {
    await this.#options.onEnded(ended);
    if (!this.#closed) await this.#keep({ ...ended, announced: true });
  }

  async #keep(execution: Execution): Promise<void> {
    // Seen at once by whoever asks next, so that nothing starts or ends twice while the file is written.
    this.#executions.set(execution.name, execution);
    const written = this.#files.write(execution.name, execution);
    this.#writing.add(written);
    await written.finally(() => this.#writing.delete(written));
  }
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

type JsonValue = Parameters<StateMachine['run']>[0];
type Handlers = Record<string, (input: JsonValue) => Promise<JsonValue>>;

const waitInput = z.object({ seconds: z.number().int().nonnegative() });

function handlersOf(
  definition: Definition,
  execution: Execution,
  options: MachineOptions,
  isOver: () => boolean,
): Handlers {
  const forever = () => new Promise<JsonValue>(() => undefined);
  const handlers: Handlers = {};
  for (const name of statesOf(definition, 'Wait')) {
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
