import { inspect } from 'node:util';
import type { LocalFunction } from '../../local/aws/template.ts';
import { type Container, FunctionError, type Invocation, invocations } from './invocation.ts';
import { between, type Random } from './random.ts';
import type { World } from './world.ts';

/** A function's code with its tools, as its `handler.ts` wires it. */
export type Logic = (event: unknown, invocation: Invocation) => Promise<unknown>;

export interface Lambda {
  /** @throws FunctionError */
  invoke(functionName: string, event: unknown): Promise<unknown>;
  /** Tries three times, then hands the event to the function's dead-letter queue. */
  invokeLater(functionName: string, event: unknown, deadLetter: (body: string) => void): void;
  readonly running: () => number;
}

/** Waits before Lambda tries an asynchronous event again. */
const ASYNC_RETRY_MS = [60_000, 120_000];

export function createLambda(
  world: World,
  functions: readonly LocalFunction[],
  logics: Readonly<Record<string, Logic>>,
  random: Random,
): Lambda {
  const warm = new Map<string, Container[]>();
  const counts = new Map<string, number>();
  let running = 0;

  function invoke(functionName: string, event: unknown): Promise<unknown> {
    const timeoutSeconds = functions.find(({ name }) => name === functionName)?.properties.Timeout;
    const logic = logics[functionName];
    if (!logic || timeoutSeconds === undefined) throw new Error(`there is no function ${functionName}`);
    const { clock, story } = world;
    const number = (counts.get(functionName) ?? 0) + 1;
    counts.set(functionName, number);
    const who = `${functionName} #${number}`;
    const container: Container = warm.get(functionName)?.pop() ?? new Map<string, unknown>();
    running += 1;
    return new Promise((resolve, reject) => {
      let isAlive = true;
      const end = (how: string, settle: () => void) => {
        if (!isAlive) return;
        isAlive = false;
        running -= 1;
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
          end(`dies: ${errorType}`, () => reject(new FunctionError(errorType, message))),
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
            // Logged with all that hangs on it, as the real functions do.
            world.invariants.onText(`the error of ${who}`, inspect(error));
            const { name, message } = error instanceof Error ? error : new Error(String(error));
            end(`fails: ${name}: ${message}`, () => {
              keepWarm();
              reject(new FunctionError(name, message));
            });
          },
        );
    });
  }

  function invokeLater(functionName: string, event: unknown, deadLetter: (body: string) => void): void {
    const attempt = (retries: readonly number[]) => {
      void invoke(functionName, event).catch(() => {
        const [next, ...rest] = retries;
        if (next === undefined) deadLetter(JSON.stringify(event));
        else world.clock.after(next, () => attempt(rest));
      });
    };
    world.clock.after(between(5, 300, random), () => attempt(ASYNC_RETRY_MS));
  }

  return { invoke, invokeLater, running: () => running };
}
