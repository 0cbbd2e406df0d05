import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { EventRefusedError } from '../platform/errors.ts';
import { eventSource, type MeshdropEvent } from './event.ts';

/** Puts one event on the bus. */
export type Announce = (event: MeshdropEvent) => Promise<void>;

/** Waits before the same entry is put again, in milliseconds. */
const WAITS_MS = [200, 400, 800] as const;

/** What the bus itself calls worth another try; every other code is about the entry, and comes again. */
const PASSING = ['ThrottlingException', 'InternalFailure'];

/**
 * PutEvents answers 200 even when it took nothing: only the count tells, and the SDK tries none of that again.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html
 */
export function createAnnounce(
  client: EventBridgeClient,
  busName: string,
  sleep: (ms: number) => Promise<unknown>,
): Announce {
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
        throw new EventRefusedError(
          `the bus ${busName} refused "${detailType}": ${ErrorCode} ${ErrorMessage}`,
        );
      await sleep(waitMs);
    }
  };
}
