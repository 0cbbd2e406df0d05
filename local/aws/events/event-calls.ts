import * as z from 'zod';
import { parseJson } from '../../../functions/platform/json.ts';
import { createEnvelope, type EventEnvelope, type EventStamp } from './envelope.ts';

export interface EventTools extends EventStamp {
  /** Resolves when the event is durably accepted. */
  readonly putEvent: (bus: string, event: EventEnvelope) => Promise<void>;
}

const putInput = z.object({
  Entries: z
    .array(
      z.object({
        Source: z.string(),
        DetailType: z.string(),
        Detail: z.string().max(1_000_000),
        EventBusName: z.string().default('default'),
        Resources: z.array(z.string()).default([]),
      }),
    )
    .min(1)
    .max(10),
});

export async function putEvents(input: unknown, { putEvent, ...stamp }: EventTools): Promise<object> {
  const entries: object[] = [];
  for (const { Source, DetailType, Detail, EventBusName, Resources } of putInput.parse(input).Entries) {
    const detail = parseJson(Detail);
    if (detail === undefined) {
      entries.push({ ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' });
      continue;
    }
    const content = { source: Source, detailType: DetailType, detail, resources: Resources };
    const event = createEnvelope(content, stamp);
    await putEvent(EventBusName.slice(EventBusName.lastIndexOf('/') + 1), event);
    entries.push({ EventId: event.id });
  }
  return { FailedEntryCount: entries.filter((entry) => 'ErrorCode' in entry).length, Entries: entries };
}
