import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, expect, it } from 'vitest';
import { createAnnounce } from '../../../functions/shared/announce.ts';
import { EventRefusedError } from '../../../functions/shared/errors.ts';
import { eventOf } from '../../../functions/shared/events.ts';
import { rejectedRecord } from '../records.ts';

const aws = mockClient(EventBridgeClient);
const announce = createAnnounce(new EventBridgeClient({ region: 'us-east-1' }), 'models');
const event = eventOf(rejectedRecord(), { bucket: 'assets', key: 'm.json' });

beforeEach(() => aws.reset());

it('puts one event on the bus', async () => {
  aws.on(PutEventsCommand).resolves({ FailedEntryCount: 0, Entries: [{ EventId: '1' }] });

  await announce(event);

  const [call] = aws.commandCalls(PutEventsCommand);
  const [entry] = call?.args[0].input.Entries ?? [];
  expect(entry).toMatchObject({ EventBusName: 'models', Source: 'meshdrop', DetailType: 'Upload Rejected' });
  expect(JSON.parse(entry?.Detail ?? '')).toEqual(event.detail);
});

it('throws when the bus answers 200 and took nothing', async () => {
  aws.on(PutEventsCommand).resolves({
    FailedEntryCount: 1,
    Entries: [{ ErrorCode: 'ThrottlingException', ErrorMessage: 'slow down' }],
  });

  await expect(announce(event)).rejects.toThrow(EventRefusedError);
  await expect(announce(event)).rejects.toThrow(/ThrottlingException slow down/);
});
