import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { openSync, writeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { region } from '../intrinsics.ts';
import type { Invocation, InvocationResult } from './lambda-runtime.ts';
import type { LocalFunction } from '../template.ts';
import { FunctionError } from './function-error.ts';

export interface LambdaHost {
  /** @throws FunctionError */
  invoke(functionName: string, event: unknown): Promise<unknown>;
  /** Starts a process before the first invocation of the function. */
  warm(functionName: string): void;
  /** Kills every process immediately, even during an invocation. */
  close(): void;
}

export interface LambdaHostOptions {
  readonly functions: readonly LocalFunction[];
  /** The URL of the local AWS endpoint. */
  readonly endpoint: string;
  /** Replaces the template's values in functions that have these variables. */
  readonly variables: Readonly<Record<string, string>>;
  /** Returns the access key ID with which a function signs its calls. */
  readonly accessKeyIdOf: (functionName: string) => string;
  readonly logFolder: string;
  /** Called with every line that a function writes. The line also goes to the log file of the function. */
  readonly onLog: (line: string) => void;
}

/** The maximum number of processes for one function. More would not help on two cores. */
const MAX_PROCESSES = 4;

/**
 * Runs each function in its own processes. A process handles one invocation at a time and is killed at the timeout of
 * the function.
 */
export async function startLambdaHost(options: LambdaHostOptions): Promise<LambdaHost> {
  await mkdir(options.logFolder, { recursive: true });
  const pools = new Map(options.functions.map((fn) => [fn.name, new ProcessPool(fn, options)]));
  const poolOf = (name: string) => {
    const pool = pools.get(name);
    if (!pool) throw new Error(`there is no function ${name}`);
    return pool;
  };
  return {
    invoke: (name, event) => poolOf(name).invoke(event),
    warm: (name) => poolOf(name).warm(),
    close: () => pools.forEach((pool) => pool.close()),
  };
}

/** A function with so much memory computes for seconds. The page and the other functions stay quick beside it. */
const HEAVY_MEGABYTES = 2_048;

function makeWay({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It has already ended, or this system has no priorities.
  }
}

class ProcessPool {
  readonly #fn: LocalFunction;
  readonly #options: LambdaHostOptions;
  readonly #log: number;
  readonly #idle: ChildProcess[] = [];
  readonly #all = new Set<ChildProcess>();
  readonly #waiting: ((child: ChildProcess) => void)[] = [];
  #closed = false;

  constructor(fn: LocalFunction, options: LambdaHostOptions) {
    this.#fn = fn;
    this.#options = options;
    this.#log = openSync(join(options.logFolder, `${fn.name}.log`), 'a');
  }

  async invoke(event: unknown): Promise<unknown> {
    const child = await this.#take();
    try {
      return await this.#run(child, event);
    } finally {
      this.#putBack(child);
    }
  }

  warm(): void {
    if (this.#all.size === 0) this.#idle.push(this.#start());
  }

  close(): void {
    this.#closed = true;
    for (const child of this.#all) child.kill('SIGKILL');
  }

  async #take(): Promise<ChildProcess> {
    // After `close`, no function may run. An unfinished invocation never returns, as after a power failure.
    if (this.#closed) return await new Promise(() => undefined);
    const child = this.#idle.pop();
    if (child) return child;
    if (this.#all.size < MAX_PROCESSES) return this.#start();
    return await new Promise((resolve) => this.#waiting.push(resolve));
  }

  #putBack(child: ChildProcess): void {
    const next = this.#waiting.shift();
    const isAlive = this.#all.has(child);
    if (next) next(isAlive ? child : this.#start());
    else if (isAlive) this.#idle.push(child);
  }

  #start(): ChildProcess {
    const { codeFolder, properties } = this.#fn;
    const [file = '', name = ''] = properties.Handler.split('.');
    const child = fork(
      join(import.meta.dirname, `lambda-runtime${extname(import.meta.filename)}`),
      [join(codeFolder, `${file}.mjs`), name],
      {
        env: this.#environment(),
        execArgv: [`--max-old-space-size=${properties.MemorySize}`],
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      },
    );
    for (const output of [child.stdout, child.stderr]) {
      if (output) createInterface(output).on('line', (line) => this.#keepLine(line));
    }
    if (properties.MemorySize >= HEAVY_MEGABYTES) makeWay(child);
    this.#all.add(child);
    // A message to a process that has just died fails. The 'exit' event reports its end.
    child.on('error', () => undefined);
    child.on('exit', () => {
      this.#all.delete(child);
      const at = this.#idle.indexOf(child);
      if (at >= 0) this.#idle.splice(at, 1);
    });
    return child;
  }

  #keepLine(line: string): void {
    try {
      writeSync(this.#log, `${line}\n`);
    } catch {
      // A full disk costs the line, and nothing else.
    }
    this.#options.onLog(line);
  }

  /**
   * Returns the template's variables and those that Lambda sets. From the environment of this machine, it takes only
   * the path and, if set, the compile cache folder: every process loads the same code.
   */
  #environment(): NodeJS.ProcessEnv {
    const { name, properties, codeFolder } = this.#fn;
    const variables = Object.entries(properties.Environment?.Variables ?? {});
    return {
      ...Object.fromEntries(
        variables.map(([variable, value]) => [variable, this.#options.variables[variable] ?? value]),
      ),
      PATH: process.env['PATH'],
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      TZ: 'UTC',
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      AWS_ACCESS_KEY_ID: this.#options.accessKeyIdOf(name),
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_ENDPOINT_URL: this.#options.endpoint,
      AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(properties.MemorySize),
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      LAMBDA_TASK_ROOT: codeFolder,
      _HANDLER: properties.Handler,
    };
  }

  async #run(child: ChildProcess, event: unknown): Promise<unknown> {
    const timeoutMs = this.#fn.properties.Timeout * 1000;
    const invocation: Invocation = { requestId: randomUUID(), event, deadline: Date.now() + timeoutMs };
    const answer = await new Promise<InvocationResult>((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        end(() => reject(new FunctionError('Sandbox.Timedout', `Task timed out after ${timeoutMs / 1000} seconds`)));
      }, timeoutMs);
      const onMessage = (result: InvocationResult) => end(() => resolve(result));
      const onExit = (code: number | null, signal: string | null) =>
        end(() =>
          reject(new FunctionError('Runtime.ExitError', `the process ended: ${signal ?? `exit status ${code}`}`)),
        );
      const end = (settle: () => void) => {
        clearTimeout(timer);
        child.off('message', onMessage).off('exit', onExit);
        // A process that `close` killed has not failed.
        if (!this.#closed) settle();
      };
      child.on('message', onMessage).on('exit', onExit);
      child.send(invocation);
    });
    if ('error' in answer)
      throw new FunctionError(answer.error.errorType, answer.error.errorMessage, answer.error.trace);
    return answer.result;
  }
}
