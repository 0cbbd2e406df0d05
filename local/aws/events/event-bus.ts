import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EventPattern, matches } from './event-pattern.ts';
import { account, region } from '../intrinsics.ts';
import type { Queue } from '../sqs/queue.ts';

/** EventBridge's envelope around every event. */
export interface EventEnvelope {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: unknown;
}

export function envelope(
  source: string,
  detailType: string,
  detail: unknown,
  resources: readonly string[] = [],
): EventEnvelope {
  const time = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': detailType,
    source,
    account,
    time,
    region,
    resources,
    detail,
  };
}

/** Where a rule sends events: into a queue, or to a function, whose failures go to a queue in the end. */
export type Target =
  | { readonly queue: Queue }
  | { readonly invoke: (event: unknown) => Promise<unknown>; readonly deadLetters: Queue | undefined };

export interface Rule {
  readonly bus: string;
  readonly pattern: EventPattern;
  readonly targets: readonly Target[];
}

export interface EventBus {
  /** Resolves when the event lies in every queue, and every function has taken it or its dead letter is kept. */
  put(bus: string, event: EventEnvelope): Promise<void>;
}

/** Waits before Lambda tries an asynchronous event again, as on AWS. */
const ASYNC_RETRY_MS = [60_000, 120_000];

/** Resolves when the event lies in the queue, or when the function has taken it or its dead letter is kept. */
export async function deliver(target: Target, event: EventEnvelope, speed: number): Promise<void> {
  if ('queue' in target) return void (await target.queue.send(JSON.stringify(event)));
  for (const waitMs of [...ASYNC_RETRY_MS, undefined]) {
    try {
      await target.invoke(event);
      return;
    } catch {
      if (waitMs !== undefined) await sleep(waitMs / speed, undefined, { ref: false });
    }
  }
  await target.deadLetters?.send(JSON.stringify(event));
}

export function createEventBus(rules: readonly Rule[], speed: number): EventBus {
  return {
    put: async (bus, event) => {
      const fitting = rules.filter((rule) => rule.bus === bus && matches(rule.pattern, event));
      await Promise.all(
        fitting.flatMap(({ targets }) => targets).map((target) => deliver(target, event, speed)),
      );
    },
  };
}
