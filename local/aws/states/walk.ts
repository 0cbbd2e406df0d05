import { ExecutionError, StateMachine } from 'aws-local-stepfunctions';
import * as z from 'zod';
import type { Definition, State } from './definition.ts';

type JsonValue = Parameters<StateMachine['run']>[0];
type EventLog = ReturnType<StateMachine['run']>['eventLogs'] extends AsyncIterable<infer Event> ? Event : never;

/** A state that an execution has entered, and its input. */
export interface Place {
  readonly state: string;
  readonly input: unknown;
}

/** Performs the tasks and waits of a walk. */
export interface Performer {
  wait(name: string, seconds: number): Promise<void>;
  task(name: string, state: State, payload: unknown): Promise<unknown>;
}

/** One pass through the states. */
export interface Walk {
  /** Resolves with the output. Rejects with the error of a task or of a Fail state. */
  readonly ended: Promise<unknown>;
  /** Returns the current state and its input. */
  readonly place: () => Place;
  /** Stops the walk and everything that it awaits. */
  abandon(): void;
}

const waitInput = z.object({ seconds: z.number().int().nonnegative() });

export function walk(definition: Definition, start: Place, performer: Performer): Walk {
  const { promise: abandoned, reject: abandon } = Promise.withResolvers<never>();
  abandoned.catch(() => undefined);
  const handlers = Object.entries(definition.states).flatMap(([name, state]) => {
    const perform = createHandler(name, state, performer);
    if (!perform) return [];
    const handle = (input: JsonValue) => Promise.race([perform(input), abandoned]);
    return [[name, handle] as const];
  });
  const interpreter = new StateMachine(
    { ...definition.walked, StartAt: start.state },
    { validationOptions: { noValidate: true } },
  );
  const { result, abort, eventLogs } = interpreter.run(start.input as JsonValue, {
    overrides: { taskResourceLocalHandlers: Object.fromEntries(handlers) },
  });
  let place = start;
  const followed = follow(eventLogs, (entered) => {
    place = entered;
  });
  return {
    ended: result.catch(async (error: unknown) => {
      // A Fail state ends as soon as it is entered, so its event might not have arrived yet.
      await followed;
      throw error instanceof ExecutionError && error.cause instanceof Error ? error.cause : error;
    }),
    place: () => place,
    abandon: () => {
      abort();
      abandon(new Error('the execution is over'));
    },
  };
}

function createHandler(
  name: string,
  state: State,
  performer: Performer,
): ((input: JsonValue) => Promise<JsonValue>) | undefined {
  if (state.Type === 'Task') return async (payload) => (await performer.task(name, state, payload)) as JsonValue;
  if (state.Type !== 'Wait') return undefined;
  return async (input) => {
    await performer.wait(name, waitInput.parse(input).seconds);
    return {};
  };
}

/** Reports each state that the walk enters. Resolves when the walk ends. */
async function follow(eventLogs: AsyncIterable<EventLog>, onEntered: (place: Place) => void): Promise<void> {
  for await (const event of eventLogs)
    if (event.type === 'StateEntered') onEntered({ state: event.state.name, input: event.state.input });
}
