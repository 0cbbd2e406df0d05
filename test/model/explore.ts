/** What can happen next, and what it breaks. */
export interface Step<State> {
  readonly name: string;
  readonly next: State;
  readonly broken?: string | undefined;
}

export interface Exploration {
  readonly states: number;
  readonly steps: number;
  /** By broken promise, the shortest story that breaks it. */
  readonly broken: ReadonlyMap<string, readonly string[]>;
  /** False if the limit of states was reached. */
  readonly isComplete: boolean;
}

/**
 * Visits every state that can be reached, the nearest first, so the first story that breaks a promise is a shortest one.
 * A state that breaks a promise is not followed further.
 *
 * @param keyOf the same string for states that are the same but for names
 * @param goal ends the exploration as soon as this promise is broken
 */
export function explore<State>(
  start: State,
  stepsFrom: (state: State) => Iterable<Step<State>>,
  keyOf: (state: State) => string,
  { maxStates, goal }: { readonly maxStates: number; readonly goal?: string | undefined },
): Exploration {
  const seen = new Map([[keyOf(start), 0]]);
  const cameFrom = [-1];
  const names = [''];
  const broken = new Map<string, readonly string[]>();
  let steps = 0;
  let isComplete = true;
  let front: (readonly [State, number])[] = [[start, 0]];
  const storyOf = (last: number): string[] => {
    const story: string[] = [];
    for (let at = last; at > 0; at = cameFrom[at] ?? 0) story.push(names[at] ?? '');
    return story.toReversed();
  };
  while (front.length > 0) {
    const next: (readonly [State, number])[] = [];
    for (const [state, number] of front) {
      if (goal !== undefined && broken.has(goal)) return { states: seen.size, steps, broken, isComplete: false };
      for (const step of stepsFrom(state)) {
        steps += 1;
        if (step.broken !== undefined) {
          if (!broken.has(step.broken)) broken.set(step.broken, [...storyOf(number), step.name]);
          // On the way to the goal, another promise can break first.
          if (goal === undefined || step.broken === goal) continue;
        }
        const key = keyOf(step.next);
        if (seen.has(key)) continue;
        if (seen.size >= maxStates) {
          isComplete = false;
          continue;
        }
        const id = cameFrom.push(number) - 1;
        names.push(step.name);
        seen.set(key, id);
        next.push([step.next, id]);
      }
    }
    front = next;
  }
  return { states: seen.size, steps, broken, isComplete };
}
