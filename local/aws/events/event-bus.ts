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
   * Resolves when the event is durably accepted: every queue has it, and every function has succeeded or its
   * dead-letter queue has the event. If deliveries are scheduled, resolves when they are.
   */
  put(bus: string, event: EventEnvelope): Promise<void>;
}

export interface EventBusOptions extends DeliveryTools {
  readonly rules: readonly Rule[];
  /** Awaited before an event is delivered. If it throws, the event is not accepted. */
  readonly onEvent?: ((bus: string, event: EventEnvelope) => void | Promise<void>) | undefined;
  /**
   * The delays, in seconds, after which a matched event is delivered. An empty list loses the event, and two delays
   * deliver it twice.
   *
   * @default one delivery without delay
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
