import { deliver, type DeliveryTools, type Target } from './deliver.ts';
import type { EventEnvelope } from './envelope.ts';
import { type EventPattern, matches } from './event-pattern.ts';

interface Rule {
  readonly bus: string;
  readonly pattern: EventPattern;
  readonly targets: readonly Target[];
}

export interface EventBus {
  /**
   * Resolves when the event is accepted for good: it lies in every queue, and every function has taken it or its dead
   * letter is kept. If deliveries are scheduled, the schedule is what keeps it.
   */
  put(bus: string, event: EventEnvelope): Promise<void>;
}

export interface EventBusOptions extends DeliveryTools {
  readonly rules: readonly Rule[];
  /** Awaited before an event goes anywhere; if it throws, the event is not accepted. */
  readonly onEvent?: ((bus: string, event: EventEnvelope) => void | Promise<void>) | undefined;
  /**
   * After how many seconds each an event arrives that some rule matches: none is a lost event, two are a doubled one.
   *
   * @default once, at once
   */
  readonly deliverySeconds?: ((event: EventEnvelope) => readonly number[]) | undefined;
}

export function createEventBus({ rules, onEvent, deliverySeconds, ...tools }: EventBusOptions): EventBus {
  const deliverAll = async (targets: readonly Target[], event: EventEnvelope) => {
    await Promise.all(targets.map((target) => deliver(target, event, tools)));
  };
  return {
    put: async (bus, event) => {
      await onEvent?.(bus, event);
      const fitting = rules.filter((rule) => rule.bus === bus && matches(rule.pattern, event));
      const targets = fitting.flatMap((rule) => rule.targets);
      if (targets.length === 0) return;
      if (!deliverySeconds) return await deliverAll(targets, event);
      for (const seconds of deliverySeconds(event))
        tools.clock.after(seconds * 1000, () => void deliverAll(targets, event));
    },
  };
}
