import type { StateMachineDefinition } from 'aws-local-stepfunctions';
import * as z from 'zod';

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
  StartAt: z.string(),
  States: z.record(z.string(), stateSchema),
});
export type Definition = z.infer<typeof definitionSchema>;
type State = z.infer<typeof stateSchema>;

/** @throws Error when the definition has a kind of state that this run can not follow at its own speed */
export function readDefinition(text: string): Definition {
  const definition = definitionSchema.parse(JSON.parse(text));
  for (const [name, { Type }] of Object.entries(definition.States)) {
    if (!['Wait', 'Task', 'Choice', 'Pass', 'Succeed', 'Fail'].includes(Type)) {
      throw new Error(`the local run does not know the state ${name} of type ${Type}`);
    }
  }
  return definition;
}

export function statesOf({ States }: Definition, type: string): readonly string[] {
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
export function atSpeed(definition: Definition, speed: number): StateMachineDefinition {
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
