import type { Clock } from '../clock.ts';
import { account, region } from '../intrinsics.ts';

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

/** What is put in the envelope. */
export interface EventContent {
  readonly source: string;
  readonly detailType: string;
  readonly detail: unknown;
  readonly resources?: readonly string[];
}

/** What an envelope is dated and numbered by. */
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
    // In whole seconds, as EventBridge writes it.
    time: new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
    region,
    resources,
    detail,
  };
}
