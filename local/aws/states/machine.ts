import { setTimeout as sleep } from 'node:timers/promises';
import {
  ExecutionAbortedError,
  ExecutionError,
  ExecutionTimeoutError,
  StateMachine,
} from 'aws-local-stepfunctions';
import * as z from 'zod';
import { type DurableFiles, openDurableFiles } from '../durable-files.ts';
import { ServiceError } from '../service-error.ts';
import { atSpeed, type Definition, readDefinition, statesOf } from './machine-definition.ts';

/** A state that an execution has entered, with what came in. */
const placeSchema = z.object({ state: z.string(), input: z.string() });
type Place = z.infer<typeof placeSchema>;

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
  redriveCount: z.number().default(0),
  redriveDate: z.number().optional(),
  /** By which a repeated call of RedriveExecution is known again. */
  redriveToken: z.string().optional(),
  /** Where it ended without success, and where a redrive goes on. */
  place: placeSchema.optional(),
  /** Whether its end was announced on the default bus. */
  announced: z.boolean(),
});

export type Execution = z.infer<typeof executionSchema>;

/** What others are told of an execution. */
export function toldOf({ announced: _, redriveToken: _token, place: _place, ...execution }: Execution) {
  return execution;
}

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
  /** @default Date.now */
  readonly now?: () => number;
}

export interface Machine {
  readonly definition: string;
  /** @throws ServiceError ExecutionAlreadyExists, InvalidName or InvalidExecutionInput */
  start(name: string, input: string): Promise<Execution>;
  /** @throws ServiceError ExecutionDoesNotExist */
  describe(executionArn: string): Execution;
  /** Newest first. */
  list(): readonly Execution[];
  /** @throws ServiceError ExecutionDoesNotExist */
  stop(executionArn: string, error?: string, cause?: string): Promise<Execution>;
  /**
   * Goes on from the state in which the execution ended, under the same name. The same token does it once.
   *
   * @throws ServiceError ExecutionDoesNotExist or ExecutionNotRedrivable
   */
  redrive(executionArn: string, token: string): Promise<Execution>;
  /** Why RedriveExecution would refuse it, in the words of AWS. Undefined when it would not. */
  whyNotRedrivable(execution: Execution): string | undefined;
  /**
   * Goes on with what an earlier process left: running executions begin again, redriven ones where they were redriven, and
   * unannounced ends are announced.
   */
  resume(): void;
  close(): Promise<void>;
}

/** Names are taken for 90 days after an execution's end. */
const NAME_TAKEN_MS = 90 * 24 * 3_600_000;

/** So long after its end an execution can be redriven. */
const REDRIVABLE_MS = 14 * 24 * 3_600_000;

/** @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html */
const FORBIDDEN_IN_NAME = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f]/;

export async function openMachine(options: MachineOptions): Promise<Machine> {
  const files = await openDurableFiles(options.folder);
  const stored = [...(await files.readAll()).values()].map((execution) => executionSchema.parse(execution));
  return new LocalMachine(options, files, stored);
}

class LocalMachine implements Machine {
  readonly definition: string;
  readonly #options: MachineOptions;
  readonly #files: DurableFiles;
  readonly #executions: Map<string, Execution>;
  readonly #definition: Definition;
  readonly #aborts = new Map<string, () => void>();
  /** The state that each running execution is in. */
  readonly #places = new Map<string, Place>();
  readonly #writing = new Set<Promise<void>>();
  #closed = false;

  constructor(options: MachineOptions, files: DurableFiles, stored: readonly Execution[]) {
    this.definition = options.definition;
    this.#options = options;
    this.#files = files;
    this.#executions = new Map(stored.map((execution) => [execution.name, execution]));
    this.#definition = readDefinition(options.definition);
  }

  async start(name: string, input: string): Promise<Execution> {
    checkStart(name, input);
    const standing = this.#executions.get(name);
    if (standing?.status === 'RUNNING' && standing.input === input) return standing;
    if (standing && this.#now() - (standing.stopDate ?? this.#now()) < NAME_TAKEN_MS) {
      throw new ServiceError(
        'ExecutionAlreadyExists',
        `Execution Already Exists: '${standing.executionArn}'`,
      );
    }
    const { arn } = this.#options;
    const executionArn = `${arn.replace(':stateMachine:', ':execution:')}:${name}`;
    const started = { name, executionArn, stateMachineArn: arn, input, startDate: this.#now() };
    const execution: Execution = { ...started, status: 'RUNNING', redriveCount: 0, announced: false };
    await this.#keep(execution);
    this.#run(execution);
    return execution;
  }

  describe(executionArn: string): Execution {
    const found = [...this.#executions.values()].find((execution) => execution.executionArn === executionArn);
    if (!found)
      throw new ServiceError('ExecutionDoesNotExist', `Execution Does Not Exist: '${executionArn}'`);
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

  async redrive(executionArn: string, token: string): Promise<Execution> {
    const ended = this.describe(executionArn);
    if (ended.redriveToken === token) return ended;
    const why = this.whyNotRedrivable(ended);
    if (why !== undefined) throw new ServiceError('ExecutionNotRedrivable', why);
    const { stopDate: _stop, error: _error, cause: _cause, ...rest } = ended;
    const redriven: Execution = {
      ...rest,
      status: 'RUNNING',
      redriveCount: ended.redriveCount + 1,
      redriveDate: this.#now(),
      redriveToken: token,
      announced: false,
    };
    await this.#keep(redriven);
    this.#run(redriven);
    return redriven;
  }

  /** @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html */
  whyNotRedrivable({ status, stopDate = this.#now() }: Execution): string | undefined {
    if (status === 'RUNNING' || status === 'SUCCEEDED')
      return `Execution is ${status} and cannot be redriven`;
    if (this.#now() - stopDate >= REDRIVABLE_MS) return 'Execution redrivable period exceeded';
    return undefined;
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
    const { state, input } = execution.place ?? { state: this.#definition.StartAt, input: execution.input };
    const isOver = () => this.#closed || !this.#isRunning(execution);
    const taskResourceLocalHandlers = handlersOf(this.#definition, execution, this.#options, isOver);
    const from = { ...atSpeed(this.#definition, this.#options.speed), StartAt: state };
    const interpreter = new StateMachine(from, { validationOptions: { noValidate: true } });
    const { result, abort, eventLogs } = interpreter.run(JSON.parse(input) as JsonValue, {
      overrides: { taskResourceLocalHandlers },
    });
    this.#aborts.set(execution.name, abort);
    const followed = this.#follow(execution, eventLogs);
    result
      .then(
        (output) => this.#end(execution, { status: 'SUCCEEDED', output: JSON.stringify(output) }),
        (error: unknown) => followed.then(() => this.#end(execution, failureOf(error))),
      )
      .catch((error: unknown) => {
        process.stderr.write(`meshdrop: the end of ${execution.name} was not kept: ${String(error)}\n`);
      });
  }

  /** Resolves when the execution has ended. */
  async #follow(execution: Execution, eventLogs: AsyncIterable<EventLog>): Promise<void> {
    for await (const event of eventLogs) {
      if (event.type !== 'StateEntered' || !this.#isRunning(execution)) continue;
      const { name, input } = event.state;
      this.#places.set(execution.name, { state: name, input: JSON.stringify(input) });
    }
  }

  /** Whether it is still this very run: one that was stopped and redriven goes on as another. */
  #isRunning({ name, redriveCount }: Execution): boolean {
    const standing = this.#executions.get(name);
    return standing?.status === 'RUNNING' && standing.redriveCount === redriveCount;
  }

  async #end(execution: Execution, how: Partial<Execution>): Promise<void> {
    // Aborted while a function still worked: the first end counts.
    if (this.#closed || !this.#isRunning(execution)) return;
    this.#aborts.delete(execution.name);
    const place = this.#places.get(execution.name);
    this.#places.delete(execution.name);
    const ended: Execution = { ...execution, ...how, stopDate: this.#now(), ...(place && { place }) };
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

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}

function checkStart(name: string, input: string): void {
  if (name.length === 0 || name.length > 80 || FORBIDDEN_IN_NAME.test(name)) {
    throw new ServiceError('InvalidName', `Invalid Name: '${name}'`);
  }
  try {
    JSON.parse(input);
  } catch {
    throw new ServiceError('InvalidExecutionInput', 'Invalid State Machine Execution Input: it is no JSON');
  }
}

type JsonValue = Parameters<StateMachine['run']>[0];
type EventLog =
  ReturnType<StateMachine['run']>['eventLogs'] extends AsyncIterable<infer Event> ? Event : never;
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
