import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, expect, it } from 'vitest';
import { rejectedRecord } from '../records.ts';
import { toEvent } from '../../../functions/run/event.ts';
import { createAnnounce } from '../../../functions/run/announce.ts';
import { AwsUnavailableError } from '../../../functions/platform/errors.ts';

const client = new EventBridgeClient({ region: 'us-east-1' });
const aws = mockClient(client);
const slept: number[] = [];
const announce = createAnnounce(client, 'models', { sleep: async (ms) => void slept.push(ms) });
const event = toEvent(rejectedRecord(), { bucket: 'assets', key: 'm.json' });

const taken = { FailedEntryCount: 0, Entries: [{ EventId: '1' }] };

function refused(ErrorCode: string, ErrorMessage = 'slow down') {
  return { FailedEntryCount: 1, Entries: [{ ErrorCode, ErrorMessage }] };
}

beforeEach(() => {
  aws.reset();
  slept.length = 0;
});

it('puts one event on the bus', async () => {
  aws.on(PutEventsCommand).resolves(taken);

  await announce(event);

  const [call] = aws.commandCalls(PutEventsCommand);
  const [entry] = call?.args[0].input.Entries ?? [];
  expect(entry).toMatchObject({ EventBusName: 'models', Source: 'meshdrop', DetailType: 'Upload Rejected' });
  expect(JSON.parse(entry?.Detail ?? '')).toEqual(event.detail);
});

it.each(['ThrottlingException', 'InternalFailure'])(
  'puts the same entry again when the bus answers 200 with %s',
  async (code) => {
    aws.on(PutEventsCommand).resolvesOnce(refused(code)).resolvesOnce(refused(code)).resolves(taken);

    await announce(event);

    const details = aws.commandCalls(PutEventsCommand).map(({ args }) => args[0].input.Entries?.[0]?.Detail);
    expect(details).toEqual([details[0], details[0], details[0]]);
    expect(slept).toEqual([200, 400]);
  },
);

it('gives up when the bus goes on refusing, with its reason', async () => {
  aws.on(PutEventsCommand).resolves(refused('ThrottlingException'));

  const announced = announce(event);

  await expect(announced).rejects.toThrow(AwsUnavailableError);
  await expect(announced).rejects.toThrow('the bus models refused "Upload Rejected": ThrottlingException slow down');
  expect(aws.commandCalls(PutEventsCommand)).toHaveLength(4);
  expect(slept).toEqual([200, 400, 800]);
});

it('does not repeat an entry that is refused for what it is', async () => {
  aws.on(PutEventsCommand).resolves(refused('NotAuthorizedForSourceException', 'not yours'));

  await expect(announce(event)).rejects.toThrow(AwsUnavailableError);

  expect(aws.commandCalls(PutEventsCommand)).toHaveLength(1);
  expect(slept).toEqual([]);
});
