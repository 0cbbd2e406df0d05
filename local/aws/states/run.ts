import type { Definition } from './definition.ts';
import type { Execution } from './execution.ts';
import { createPerformer, type PerformerTools } from './performer.ts';
import { type Place, walk } from './walk.ts';

/** The part of a running execution that exists only in this process. */
export interface Run {
  /** Returns the current state and its input. */
  readonly place: () => Place;
  /** Stops the run and invokes nothing more. */
  abandon(): void;
}

export interface RunTools extends PerformerTools {
  readonly definition: Definition;
  /** Called when the execution ends. It can be called more than once, and only the first call counts. */
  readonly onEnded: (how: Partial<Execution>) => Promise<void>;
}

/** Begins at the first state, or at the state of the redrive. */
export function beginRun({ place, input }: Execution, { definition, onEnded, ...tools }: RunTools): Run {
  const { startAt, timeoutSeconds } = definition;
  const start = { state: place?.state ?? startAt, input: JSON.parse(place?.input ?? input) as unknown };
  const way = walk(definition, start, createPerformer(tools));
  const timeOut = () => onEnded({ status: 'TIMED_OUT', error: 'States.Timeout' });
  const cancelTimeout =
    timeoutSeconds !== undefined && tools.clock.after(timeoutSeconds * 1000, timeOut, { isBackground: true });
  void way.ended.then(
    (output) => onEnded({ status: 'SUCCEEDED', output: JSON.stringify(output) }),
    (error: unknown) => onEnded(failureOf(error)),
  );
  return {
    place: way.place,
    abandon: () => {
      if (cancelTimeout) cancelTimeout();
      way.abandon();
    },
  };
}

function failureOf(error: unknown): Partial<Execution> {
  if (!(error instanceof Error)) return { status: 'FAILED', error: 'States.Runtime', cause: String(error) };
  return { status: 'FAILED', error: error.name, cause: error.message };
}
