import type { Cancel, Clock } from '../../../local/aws/clock.ts';
import type { Random } from './random.ts';

interface Entry {
  readonly time: number;
  /** Orders events that are due at the same time. */
  readonly tie: number;
  readonly isBackground: boolean;
  action: (() => void | Promise<void>) | undefined;
}

/**
 * Virtual time. It advances only when everything waits for it. The seed decides the order of events that are due at the
 * same time.
 */
export interface VirtualClock extends Clock {
  /** Runs the next event and everything that follows from it immediately. Resolves to false if no event is left. */
  step(): Promise<boolean>;
  /** The number of pending events that are not in the background. */
  readonly foreground: () => number;
}

export function createVirtualClock(start: number, random: Random): VirtualClock {
  const heap: Entry[] = [];
  let now = start;
  let planned = 0;
  let foreground = 0;

  const after: Clock['after'] = (ms, action, { isBackground = false } = {}): Cancel => {
    const entry: Entry = { time: now + Math.max(0, ms), tie: random(), isBackground, action };
    planned += 1;
    if (!isBackground) foreground += 1;
    push(heap, entry);
    return () => {
      if (entry.action && !isBackground) foreground -= 1;
      entry.action = undefined;
    };
  };

  async function step(): Promise<boolean> {
    for (let next = pop(heap); next; next = pop(heap)) {
      const { action, time, isBackground } = next;
      if (!action) continue;
      next.action = undefined;
      if (!isBackground) foreground -= 1;
      now = time;
      await action();
      await quiet();
      return true;
    }
    return false;
  }

  /** Promises and streams finish before the event loop turns. After two idle turns, everything is waiting. */
  async function quiet(): Promise<void> {
    for (let seen = -1; seen !== planned; ) {
      seen = planned;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  return { now: () => now, after, step, foreground: () => foreground };
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.time < b.time || (a.time === b.time && a.tie < b.tie);
}

/** Adds to a binary heap, in which the earliest entry is always first. */
function push(heap: Entry[], entry: Entry): void {
  let at = heap.push(entry) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent];
    if (!above || isBefore(above, entry)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = entry;
}

function pop(heap: Entry[]): Entry | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (!last || heap.length === 0) return first;
  let at = 0;
  for (;;) {
    const child = earlierChild(heap, at);
    const below = heap[child];
    if (!below || !isBefore(below, last)) break;
    heap[at] = below;
    at = child;
  }
  heap[at] = last;
  return first;
}

function earlierChild(heap: readonly Entry[], at: number): number {
  const left = 2 * at + 1;
  const [one, other] = [heap[left], heap[left + 1]];
  return one && other && isBefore(other, one) ? left + 1 : left;
}
