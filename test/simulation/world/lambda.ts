import { inspect } from 'node:util';
import { sleep } from '../../../local/aws/clock.ts';
import { FunctionError } from '../../../local/aws/lambda/function-error.ts';
import type { LocalFunction } from '../../../local/aws/template.ts';
import { type Container, type Invocation, invocations } from './invocation.ts';
import type { Random } from './random.ts';
import type { World } from './world.ts';

/** The code of a function with its tools, composed as in its `handler.ts`. */
export type Logic = (event: unknown, invocation: Invocation) => Promise<unknown>;

export interface Lambda {
  /** @throws FunctionError */
  invoke(functionName: string, event: unknown): Promise<unknown>;
  readonly running: () => number;
  /** What each function has used so far. */
  readonly usage: () => ReadonlyMap<string, Usage>;
}

/** What AWS bills for a function. */
export interface Usage {
  readonly invocations: number;
  readonly gigabyteSeconds: number;
}

/** The maximum delay between an invocation and the first line of the function. */
const MAX_LATENCY_MS = 20;

export function createLambda(
  world: World,
  functions: readonly LocalFunction[],
  logics: Readonly<Record<string, Logic>>,
  random: Random,
): Lambda {
  const warm = new Map<string, Container[]>();
  const counts = new Map<string, number>();
  const usage = new Map<string, Usage>();
  let running = 0;

  async function invoke(functionName: string, event: unknown): Promise<unknown> {
    await sleep(world.clock, MAX_LATENCY_MS * random());
    return await run(functionName, event);
  }

  function run(functionName: string, event: unknown): Promise<unknown> {
    const { Timeout: timeoutSeconds, MemorySize: memory = 128 } =
      functions.find(({ name }) => name === functionName)?.properties ?? {};
    const logic = logics[functionName];
    if (!logic || timeoutSeconds === undefined) throw new Error(`there is no function ${functionName}`);
    const { clock, story } = world;
    const number = (counts.get(functionName) ?? 0) + 1;
    counts.set(functionName, number);
    const who = `${functionName} #${number}`;
    const container: Container = warm.get(functionName)?.pop() ?? new Map<string, unknown>();
    running += 1;
    const begunAt = clock.now();
    return new Promise((resolve, reject) => {
      let isAlive = true;
      const report = (metric: string, value: number) =>
        world.metrics.add({ namespace: 'AWS/Lambda', metric, of: functionName, at: begunAt, value });
      report('Invocations', 1);
      const end = (how: string, settle: () => void) => {
        if (!isAlive) return;
        isAlive = false;
        running -= 1;
        const { invocations: before, gigabyteSeconds } = usage.get(functionName) ?? {
          invocations: 0,
          gigabyteSeconds: 0,
        };
        const used = ((clock.now() - begunAt) / 1000) * (memory / 1024);
        usage.set(functionName, { invocations: before + 1, gigabyteSeconds: gigabyteSeconds + used });
        cancel();
        story.note(who, how);
        settle();
      };
      const invocation: Invocation = {
        who,
        functionName,
        world,
        container,
        deadline: clock.now() + timeoutSeconds * 1000,
        isAlive: () => isAlive,
        die: (errorType, message) =>
          end(`dies: ${errorType}`, () => {
            report('Errors', 1);
            reject(new FunctionError(errorType, message));
          }),
      };
      const cancel = clock.after(timeoutSeconds * 1000, () => {
        invocation.die('Sandbox.Timedout', `Task timed out after ${timeoutSeconds} seconds`);
      });
      story.note(who, 'begins');
      const keepWarm = () => warm.set(functionName, [...(warm.get(functionName) ?? []), container]);
      invocations
        .run(invocation, async () => logic(JSON.parse(JSON.stringify(event)), invocation))
        .then(
          (answer) =>
            end('ends', () => {
              keepWarm();
              resolve(answer === undefined ? null : JSON.parse(JSON.stringify(answer)));
            }),
          (error: unknown) => {
            // Log the error with all its properties, as the real functions do.
            world.invariants.onText(`the error of ${who}`, inspect(error));
            const { name, message } = error instanceof Error ? error : new Error(String(error));
            end(`fails: ${name}: ${message}`, () => {
              keepWarm();
              report('Errors', 1);
              reject(new FunctionError(name, message));
            });
          },
        );
    });
  }

  return { invoke, running: () => running, usage: () => usage };
}
