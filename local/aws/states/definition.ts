import type { StateMachineDefinition } from 'aws-local-stepfunctions';
import * as z from 'zod';
import { account, region } from '../intrinsics.ts';
import { retrierSchema } from './retry.ts';

const stateSchema = z.looseObject({
  Type: z.string(),
  Resource: z.string().optional(),
  Seconds: z.number().optional(),
  SecondsPath: z.string().optional(),
  TimeoutSeconds: z.number().optional(),
  Retry: z.array(retrierSchema).default([]),
  Catch: z.array(z.looseObject({ ErrorEquals: z.array(z.string()) })).default([]),
});
const definitionSchema = z.looseObject({
  QueryLanguage: z.literal('JSONPath').optional(),
  StartAt: z.string(),
  TimeoutSeconds: z.number().optional(),
  States: z.record(z.string(), stateSchema),
});
export type State = z.infer<typeof stateSchema>;

export interface Definition {
  readonly startAt: string;
  /** The timeout of the whole execution. */
  readonly timeoutSeconds: number | undefined;
  readonly states: Readonly<Record<string, State>>;
  /**
   * The definition for the interpreter, which only follows the transitions: without retries and timeouts, and with each
   * Wait state turned into a task.
   */
  readonly walked: StateMachineDefinition;
}

/** @throws Error if the definition contains something that the local run doesn't support */
export function readDefinition(text: string): Definition {
  const { StartAt, TimeoutSeconds, States, ...rest } = definitionSchema.parse(JSON.parse(text));
  const bare: Record<string, object> = {};
  for (const [name, state] of Object.entries(States)) bare[name] = stripState(name, state);
  return {
    startAt: StartAt,
    timeoutSeconds: TimeoutSeconds,
    states: States,
    walked: { ...rest, StartAt, States: bare } as unknown as StateMachineDefinition,
  };
}

/** Disables the task timer of the interpreter, which runs in real seconds. Node.js timers accept at most 2^31 ms. */
const NEVER_SECONDS = 2_000_000;

function stripState(name: string, { Retry: _, Catch, ...state }: State): object {
  switch (state.Type) {
    case 'Choice':
    case 'Pass':
    case 'Succeed':
    case 'Fail':
      return state;
    case 'Task':
      // The interpreter treats the timeouts of this package as States.TaskFailed.
      if (Catch.some(({ ErrorEquals }) => ErrorEquals.includes('States.TaskFailed')))
        throw new Error(`the state ${name} catches States.TaskFailed, which the local run does not support`);
      return { ...state, ...(Catch.length > 0 && { Catch }), TimeoutSeconds: NEVER_SECONDS };
    case 'Wait':
      return createWaitTask(name, state);
    default:
      throw new Error(`the local run does not support the state ${name} of type ${state.Type}`);
  }
}

/** Turns a Wait state into a task, because the waits of the interpreter take real time. */
function createWaitTask(name: string, { Seconds, SecondsPath, ...state }: Omit<State, 'Retry' | 'Catch'>) {
  if (Seconds === undefined && SecondsPath === undefined)
    throw new Error(`the wait ${name} has neither Seconds nor SecondsPath; the local run supports no other waits`);
  return {
    ...state,
    Type: 'Task',
    Resource: `arn:aws:lambda:${region}:${account}:function:${name}`,
    Parameters: SecondsPath === undefined ? { seconds: Seconds } : { 'seconds.$': SecondsPath },
    ResultPath: null,
    TimeoutSeconds: NEVER_SECONDS,
  };
}
