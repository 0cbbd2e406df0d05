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
  /** Of a whole execution. */
  readonly timeoutSeconds: number | undefined;
  readonly states: Readonly<Record<string, State>>;
  /** For the interpreter, which only walks it: without retries and time-outs, and each Wait made a task. */
  readonly walked: StateMachineDefinition;
}

/** @throws Error if the definition holds what cannot be run here */
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

/** The interpreter's own timer of a task, in real seconds; Node's timers take no more than 2^31 ms. */
const NEVER_SECONDS = 2_000_000;

function stripState(name: string, { Retry: _, Catch, ...state }: State): object {
  switch (state.Type) {
    case 'Choice':
    case 'Pass':
    case 'Succeed':
    case 'Fail':
      return state;
    case 'Task':
      // The interpreter takes a time-out of ours for one.
      if (Catch.some(({ ErrorEquals }) => ErrorEquals.includes('States.TaskFailed')))
        throw new Error(`the state ${name} catches States.TaskFailed, which is not known here`);
      return { ...state, ...(Catch.length > 0 && { Catch }), TimeoutSeconds: NEVER_SECONDS };
    case 'Wait':
      return createWaitTask(name, state);
    default:
      throw new Error(`the local run does not know the state ${name} of type ${state.Type}`);
  }
}

/** The interpreter's own waits take real time. */
function createWaitTask(name: string, { Seconds, SecondsPath, ...state }: Omit<State, 'Retry' | 'Catch'>) {
  if (Seconds === undefined && SecondsPath === undefined)
    throw new Error(`the wait ${name} has neither Seconds nor SecondsPath; other waits are not known here`);
  return {
    ...state,
    Type: 'Task',
    Resource: `arn:aws:lambda:${region}:${account}:function:${name}`,
    Parameters: SecondsPath === undefined ? { seconds: Seconds } : { 'seconds.$': SecondsPath },
    ResultPath: null,
    TimeoutSeconds: NEVER_SECONDS,
  };
}
