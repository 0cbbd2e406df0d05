import { createHash } from 'node:crypto';
import { region } from '../intrinsics.ts';
import { type Message, receiptHandleOf } from './message.ts';

/** What SQS tells of a message beside its body. */
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

/** A message as the event of a Lambda function. */
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
