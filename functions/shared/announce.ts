import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { EventRefusedError } from './errors.ts';
import { eventSource, type MeshdropEvent } from './events.ts';

/** Puts one event on the bus. */
export type Announce = (event: MeshdropEvent) => Promise<void>;

/** PutEvents answers 200 even when it took nothing: only the count tells. */
export function createAnnounce(client: EventBridgeClient, busName: string): Announce {
  return async ({ detailType, detail }) => {
    const entry = {
      EventBusName: busName,
      Source: eventSource,
      DetailType: detailType,
      Detail: JSON.stringify(detail),
    };
    const { FailedEntryCount, Entries } = await client.send(new PutEventsCommand({ Entries: [entry] }));
    if (FailedEntryCount) {
      const { ErrorCode, ErrorMessage } = Entries?.[0] ?? {};
      throw new EventRefusedError(`the bus ${busName} refused "${detailType}": ${ErrorCode} ${ErrorMessage}`);
    }
  };
}
