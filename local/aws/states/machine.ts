import type { Clock } from '../clock.ts';
import type { DurableFiles } from '../../files/durable-files.ts';
import { ServiceError } from '../service-error.ts';
import { type Definition, readDefinition } from './definition.ts';
import { type Execution, executionSchema, isNameTaken, requireStartable, whyNotRedrivable } from './execution.ts';
import type { PerformerTools } from './performer.ts';
import { beginRun, type Run } from './run.ts';

export interface MachineOptions extends Pick<PerformerTools, 'clock' | 'random' | 'speed' | 'invoke'> {
  readonly arn: string;
  readonly definition: string;
  readonly files: DurableFiles;
  /** Sends the event that an execution has started or ended. Resolves when the event is durably accepted. */
  readonly onStatus: (execution: Execution) => Promise<void>;
  /** Called when a task or a wait begins, and again with the output when a task succeeds. */
  readonly onTask?: ((execution: Execution, state: string, output?: unknown) => void) | undefined;
  /**
   * Called when the end of an execution could not be saved or announced. The next start then treats the execution as
   * still running.
   */
  readonly onTrouble: (execution: Execution, error: unknown) => void;
}

export interface Machine {
  readonly arn: string;
  readonly definition: string;
  /** Milliseconds since 1970. Each start creates the machine from the template. */
  readonly createdAt: number;
  /** @throws ServiceError ExecutionAlreadyExists, InvalidName or InvalidExecutionInput */
  start(name: string, input: string): Promise<Execution>;
  /** @throws ServiceError ExecutionDoesNotExist */
  describe(executionArn: string): Execution;
  /** Newest first. */
  list(): readonly Execution[];
  /** Stops the execution. Functions that it has invoked continue. @throws ServiceError ExecutionDoesNotExist */
  stop(executionArn: string, error?: string, cause?: string): Promise<Execution>;
  /**
   * Continues from the state in which the execution ended, under the same name. A repeated call with the same token has
   * no effect.
   *
   * @throws ServiceError ExecutionDoesNotExist or ExecutionNotRedrivable
   */
  redrive(executionArn: string, token: string): Promise<Execution>;
  /** Returns why RedriveExecution would refuse the execution, in the words of AWS, or undefined if it would not. */
  whyNotRedrivable(execution: Execution): string | undefined;
  /**
   * Continues the work of an earlier process. Restarts running executions, continues redriven ones at the state of
   * their redrive, and announces ends that were not announced.
   */
  resume(): void;
  close(): Promise<void>;
}

export async function openMachine(options: MachineOptions): Promise<Machine> {
  const stored = [...(await options.files.readAll()).values()];
  return new DurableMachine(
    options,
    stored.map((execution) => executionSchema.parse(execution)),
  );
}

class DurableMachine implements Machine {
  readonly arn: string;
  readonly definition: string;
  readonly createdAt: number;
  readonly #options: MachineOptions;
  readonly #clock: Clock;
  readonly #executions: Map<string, Execution>;
  readonly #definition: Definition;
  readonly #runs = new Map<string, Run>();
  readonly #writing = new Set<Promise<void>>();
  #closed = false;

  constructor(options: MachineOptions, stored: readonly Execution[]) {
    this.arn = options.arn;
    this.definition = options.definition;
    this.#options = options;
    this.#clock = options.clock;
    this.createdAt = options.clock.now();
    this.#executions = new Map(stored.map((execution) => [execution.name, execution]));
    this.#definition = readDefinition(options.definition);
  }

  async start(name: string, input: string): Promise<Execution> {
    requireStartable(name, input);
    const standing = this.#executions.get(name);
    if (standing?.status === 'RUNNING' && standing.input === input) return standing;
    if (standing && isNameTaken(standing, this.#clock.now())) {
      throw new ServiceError('ExecutionAlreadyExists', `Execution Already Exists: '${standing.executionArn}'`);
    }
    const execution: Execution = {
      name,
      executionArn: this.#executionArn(name),
      stateMachineArn: this.arn,
      input,
      status: 'RUNNING',
      startDate: this.#clock.now(),
      redriveCount: 0,
      announced: false,
    };
    return await this.#begin(execution);
  }

  describe(executionArn: string): Execution {
    const found = this.#executions.get(executionArn.slice(executionArn.lastIndexOf(':') + 1));
    if (found?.executionArn !== executionArn)
      throw new ServiceError('ExecutionDoesNotExist', `Execution Does Not Exist: '${executionArn}'`);
    return found;
  }

  list(): readonly Execution[] {
    return [...this.#executions.values()].sort((a, b) => b.startDate - a.startDate);
  }

  async stop(executionArn: string, error?: string, cause?: string): Promise<Execution> {
    await this.#end(this.describe(executionArn), {
      status: 'ABORTED',
      ...(error !== undefined && { error }),
      ...(cause !== undefined && { cause }),
    });
    return this.describe(executionArn);
  }

  async redrive(executionArn: string, token: string): Promise<Execution> {
    const ended = this.describe(executionArn);
    if (ended.redriveToken === token) return ended;
    const why = this.whyNotRedrivable(ended);
    if (why !== undefined) throw new ServiceError('ExecutionNotRedrivable', why);
    const { stopDate: _stop, error: _error, cause: _cause, ...rest } = ended;
    return await this.#begin({
      ...rest,
      status: 'RUNNING',
      redriveCount: ended.redriveCount + 1,
      redriveDate: this.#clock.now(),
      redriveToken: token,
      announced: false,
    });
  }

  whyNotRedrivable(execution: Execution): string | undefined {
    return whyNotRedrivable(execution, this.#clock.now());
  }

  resume(): void {
    for (const execution of this.#executions.values()) {
      if (execution.status === 'RUNNING') this.#run(execution);
      else if (!execution.announced)
        this.#announce(execution).catch((error: unknown) => this.#options.onTrouble(execution, error));
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const name of this.#runs.keys()) this.#letGo(name);
    await Promise.allSettled(this.#writing);
  }

  #executionArn(name: string): string {
    return `${this.arn.replace(':stateMachine:', ':execution:')}:${name}`;
  }

  async #begin(execution: Execution): Promise<Execution> {
    await this.#keep(execution);
    this.#run(execution);
    await this.#options.onStatus(execution);
    return execution;
  }

  #run(execution: Execution): void {
    const { onTask, onTrouble } = this.#options;
    const run = beginRun(execution, {
      ...this.#options,
      definition: this.#definition,
      isOver: () => !this.#isRunning(execution),
      onTask: (state, output) => onTask?.(execution, state, output),
      onEnded: (how) => this.#end(execution, how).catch((error: unknown) => onTrouble(execution, error)),
    });
    this.#runs.set(execution.name, run);
  }

  /**
   * Returns whether this run of the execution is the current one. A stopped and redriven execution continues as another
   * run.
   */
  #isRunning({ name, redriveCount }: Execution): boolean {
    const standing = this.#executions.get(name);
    return !this.#closed && standing?.status === 'RUNNING' && standing.redriveCount === redriveCount;
  }

  async #end(execution: Execution, how: Partial<Execution>): Promise<void> {
    // The execution was stopped while a function was still working. The first end counts.
    if (!this.#isRunning(execution)) return;
    const place = this.#runs.get(execution.name)?.place();
    const ended: Execution = {
      ...execution,
      ...how,
      stopDate: this.#clock.now(),
      ...(place && { place: { state: place.state, input: JSON.stringify(place.input) } }),
    };
    const kept = this.#keep(ended);
    this.#letGo(execution.name);
    await kept;
    await this.#announce(ended);
  }

  #letGo(name: string): void {
    this.#runs.get(name)?.abandon();
    this.#runs.delete(name);
  }

  async #announce(ended: Execution): Promise<void> {
    await this.#options.onStatus(ended);
    // If the execution was redriven in the meantime, it is running, and its next end must be announced.
    if (this.#closed || this.#executions.get(ended.name) !== ended) return;
    await this.#keep({ ...ended, announced: true });
  }

  async #keep(execution: Execution): Promise<void> {
    // Update the memory before the file is written, so that nothing starts or ends twice.
    this.#executions.set(execution.name, execution);
    const written = this.#options.files.write(execution.name, execution);
    this.#writing.add(written);
    await written.finally(() => this.#writing.delete(written));
  }
}
