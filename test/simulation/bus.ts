import { type EventPattern, matches } from '../../local/aws/events/event-pattern.ts';
import { account, region } from '../../local/aws/intrinsics.ts';
import type { World } from './world.ts';

/** What is put; the bus wraps it in its envelope. */
export interface BusEvent {
  readonly source: string;
  readonly 'detail-type': string;
  readonly detail: object;
}

export interface BusRule {
  readonly bus: string;
  readonly pattern: EventPattern;
  readonly deliver: readonly ((body: string) => void)[];
}

export interface Bus {
  /** @returns the event's id */
  put(busName: string, event: BusEvent): string;
}

/** What a rule's target gets, it gets after this many seconds each: none is a lost event, two are a doubled one. */
export type DeliverySeconds = readonly number[];

export function createBus(
  world: World,
  rules: readonly BusRule[],
  deliveriesOf: (event: BusEvent) => DeliverySeconds,
): Bus {
  let count = 0;
  return {
    put: (busName, event) => {
      count += 1;
      const id = `event-${count}`;
      const envelope = {
        version: '0',
        id,
        ...event,
        account,
        region,
        time: new Date(world.clock.now()).toISOString(),
        resources: [],
      };
      const body = JSON.stringify(envelope);
      world.onEvent(busName.slice(busName.lastIndexOf('/') + 1), event, body);
      const targets = rules
        .filter(({ bus, pattern }) => bus === busName && matches(pattern, envelope))
        .flatMap(({ deliver }) => deliver);
      if (targets.length === 0) return id;
      const deliveries = deliveriesOf(event);
      if (deliveries.length !== 1)
        world.story.note('EventBridge', `delivers ${deliveries.length} times: ${event['detail-type']}`);
      for (const seconds of deliveries)
        world.clock.after(seconds * 1000, () => {
          for (const deliver of targets) deliver(body);
        });
      return id;
    },
  };
}
