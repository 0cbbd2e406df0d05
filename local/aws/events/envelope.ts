import type { Clock } from '../clock.ts';
import { account, region } from '../intrinsics.ts';

/** An EventBridge event with its envelope fields. */
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

/** The part of an event that its sender chooses. */
export interface EventContent {
  readonly source: string;
  readonly detailType: string;
  readonly detail: unknown;
  readonly resources?: readonly string[];
}

/** Supplies the time and the ID of an event. */
export interface EventStamp {
  readonly clock: Clock;
  readonly newId: () => string;
}

export function createEnvelope(
  { source, detailType, detail, resources = [] }: EventContent,
  { clock, newId }: EventStamp,
): EventEnvelope {
  return {
    version: '0',
    id: newId(),
    'detail-type': detailType,
    source,
    account,
    // EventBridge writes the time in whole seconds.
    time: new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
    region,
    resources,
    detail,
  };
}
