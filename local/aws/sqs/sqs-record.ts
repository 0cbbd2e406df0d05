import { createHash } from 'node:crypto';
import { region } from '../intrinsics.ts';
import { type Message, receiptHandleOf } from './message.ts';

/** Returns the attributes that SQS sends with a message. */
export function attributesOf(message: Message) {
  return {
    ApproximateReceiveCount: String(message.receiveCount),
    SentTimestamp: String(message.sentAt),
    SenderId: 'local',
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt ?? message.sentAt),
    ...(message.deadLetterSource !== undefined && { DeadLetterQueueSourceArn: message.deadLetterSource }),
  };
}

export function md5Of(body: string): string {
  return createHash('md5').update(body).digest('hex');
}

/** Returns a message as a record of a Lambda event. */
export function sqsRecord(message: Message, arn: string) {
  return {
    messageId: message.messageId,
    receiptHandle: receiptHandleOf(message),
    body: message.body,
    attributes: attributesOf(message),
    messageAttributes: {},
    md5OfBody: md5Of(message.body),
    eventSource: 'aws:sqs',
    eventSourceARN: arn,
    awsRegion: region,
  };
}
