import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { eventSource, type MeshdropEvent } from '../contract/schemas.ts';
import type { Clock } from '../platform/clock.ts';
import { AwsUnavailableError } from '../platform/errors.ts';

/** Puts one event on the bus. @throws AwsUnavailableError */
export type Announce = (event: MeshdropEvent) => Promise<void>;

/** Pauses before each retry, in milliseconds. */
const WAITS_MS = [200, 400, 800] as const;

/** EventBridge says that these are worth a retry. Any other code is about the entry itself, and would repeat. */
const PASSING = ['ThrottlingException', 'InternalFailure'];

/**
 * PutEvents answers 200 even if it accepted nothing. Only `FailedEntryCount` tells, and the SDK does not retry.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html
 */
export function createAnnounce(client: EventBridgeClient, busName: string, { sleep }: Pick<Clock, 'sleep'>): Announce {
  return async ({ detailType, detail }) => {
    const entry = {
      EventBusName: busName,
      Source: eventSource,
      DetailType: detailType,
      Detail: JSON.stringify(detail),
    };
    for (const waitMs of [...WAITS_MS, undefined]) {
      const { FailedEntryCount, Entries } = await client.send(new PutEventsCommand({ Entries: [entry] }));
      if (!FailedEntryCount) return;
      const { ErrorCode = '', ErrorMessage } = Entries?.[0] ?? {};
      if (waitMs === undefined || !PASSING.includes(ErrorCode))
        throw new AwsUnavailableError(`the bus ${busName} refused "${detailType}": ${ErrorCode} ${ErrorMessage}`);
      await sleep(waitMs);
    }
  };
}
