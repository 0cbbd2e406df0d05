import * as z from 'zod';
import { account, region } from '../intrinsics.ts';
import { type Message, receiptHandleOf } from './message.ts';
import type { Queue } from './queue.ts';
import { ServiceError } from '../service-error.ts';
import { attributesOf, md5Of } from './sqs-record.ts';

export interface QueueTools {
  /** Keyed by ARN. @default none */
  readonly queues?: ReadonlyMap<string, Queue>;
}

type Call = (input: unknown, tools: QueueTools) => Promise<object>;

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Operations.html */
export const queueCalls: Readonly<Record<string, Call>> = {
  'AmazonSQS.SendMessage': sendMessage,
  'AmazonSQS.ReceiveMessage': receiveMessage,
  'AmazonSQS.DeleteMessage': deleteMessage,
  'AmazonSQS.ChangeMessageVisibility': changeMessageVisibility,
  'AmazonSQS.GetQueueAttributes': getQueueAttributes,
  'AmazonSQS.GetQueueUrl': getQueueUrl,
  'AmazonSQS.ListQueues': listQueues,
};

/** Returns the URL of a queue, which is its `Ref` in the template. Clients call the endpoint, not this URL. */
export function queueUrl(name: string): string {
  return `http://127.0.0.1/${account}/${name}`;
}

function queueNamed(name: string, { queues }: QueueTools): Queue {
  const queue = queues?.get(`arn:aws:sqs:${region}:${account}:${name}`);
  if (!queue) throw new ServiceError('QueueDoesNotExist', 'The specified queue does not exist.');
  return queue;
}

const queueInput = z.object({ QueueUrl: z.string() });

/** Identifies the queue by the path of the URL. The host doesn't matter. */
function queueOf({ QueueUrl }: z.infer<typeof queueInput>, tools: QueueTools): Queue {
  const name = new RegExp(`/${account}/([^/]+)/?$`).exec(QueueUrl)?.[1];
  return queueNamed(name ?? '', tools);
}

/** The maximum size of an SQS message. */
const MAX_BYTES = 1_048_576;

const sendInput = queueInput.extend({
  MessageBody: z.string().min(1),
  DelaySeconds: z.literal(0).optional(),
});

async function sendMessage(input: unknown, tools: QueueTools): Promise<object> {
  const { MessageBody, ...rest } = sendInput.parse(input);
  if (Buffer.byteLength(MessageBody) > MAX_BYTES) {
    const message = `One or more parameters are invalid. Reason: Message must be shorter than ${MAX_BYTES} bytes.`;
    throw new ServiceError('InvalidParameterValueException', message);
  }
  const { messageId } = await queueOf(rest, tools).send(MessageBody);
  return { MessageId: messageId, MD5OfMessageBody: md5Of(MessageBody) };
}

const visibilitySeconds = z.int().min(0).max(43_200);

const receiveInput = queueInput.extend({
  MaxNumberOfMessages: z.int().min(1).max(10).default(1),
  VisibilityTimeout: visibilitySeconds.optional(),
  /** Accepted but ignored: an empty answer returns immediately. */
  WaitTimeSeconds: z.int().min(0).max(20).optional(),
  AttributeNames: z.array(z.string()).default([]),
  MessageSystemAttributeNames: z.array(z.string()).default([]),
});

async function receiveMessage(input: unknown, tools: QueueTools): Promise<object> {
  const parsed = receiveInput.parse(input);
  const { VisibilityTimeout, MaxNumberOfMessages } = parsed;
  const queue = queueOf(parsed, tools);
  const received: Message[] = [];
  while (received.length < MaxNumberOfMessages) {
    const message = await queue.receive({
      visibilityTimeoutMs: VisibilityTimeout === undefined ? undefined : VisibilityTimeout * 1000,
    });
    if (!message) break;
    received.push(message);
  }
  const asked = [...parsed.AttributeNames, ...parsed.MessageSystemAttributeNames];
  return received.length === 0 ? {} : { Messages: received.map((message) => told(message, asked)) };
}

function told(message: Message, asked: readonly string[]) {
  const Attributes = chosen(attributesOf(message), asked);
  return {
    MessageId: message.messageId,
    ReceiptHandle: receiptHandleOf(message),
    Body: message.body,
    MD5OfBody: md5Of(message.body),
    ...(Object.keys(Attributes).length > 0 && { Attributes }),
  };
}

function chosen(attributes: Readonly<Record<string, string>>, asked: readonly string[]) {
  const isAsked = (name: string) => asked.includes('All') || asked.includes(name);
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => isAsked(name)));
}

const handleInput = queueInput.extend({ ReceiptHandle: z.string() });

async function deleteMessage(input: unknown, tools: QueueTools): Promise<object> {
  const { ReceiptHandle, ...rest } = handleInput.parse(input);
  await queueOf(rest, tools).delete(ReceiptHandle);
  return {};
}

const visibilityInput = handleInput.extend({ VisibilityTimeout: visibilitySeconds });

async function changeMessageVisibility(input: unknown, tools: QueueTools): Promise<object> {
  const { ReceiptHandle, VisibilityTimeout, ...rest } = visibilityInput.parse(input);
  queueOf(rest, tools).changeVisibility(ReceiptHandle, VisibilityTimeout * 1000);
  return {};
}

const attributesInput = queueInput.extend({ AttributeNames: z.array(z.string()).default([]) });

async function getQueueAttributes(input: unknown, tools: QueueTools): Promise<object> {
  const { AttributeNames, ...rest } = attributesInput.parse(input);
  const known = queueAttributes(queueOf(rest, tools));
  const unknown = AttributeNames.find((name) => name !== 'All' && !(name in known) && name !== 'RedrivePolicy');
  if (unknown !== undefined)
    throw new ServiceError('InvalidAttributeName', `the local AWS endpoint does not support the attribute ${unknown}`);
  return { Attributes: chosen(known, AttributeNames) };
}

function queueAttributes(queue: Queue): Record<string, string> {
  const { visibilityTimeoutMs, retentionMs, redrive } = queue.options;
  const messages = queue.messages();
  const visible = messages.filter((message) => queue.isVisible(message)).length;
  const policy = redrive && {
    deadLetterTargetArn: redrive.queue.arn,
    maxReceiveCount: redrive.maxReceiveCount,
  };
  return {
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(messages.length - visible),
    ApproximateNumberOfMessagesDelayed: '0',
    CreatedTimestamp: String(Math.floor(queue.createdAt / 1000)),
    MessageRetentionPeriod: String(retentionMs / 1000),
    QueueArn: queue.arn,
    VisibilityTimeout: String(visibilityTimeoutMs / 1000),
    ...(policy && { RedrivePolicy: JSON.stringify(policy) }),
  };
}

const nameInput = z.object({ QueueName: z.string() });

async function getQueueUrl(input: unknown, tools: QueueTools): Promise<object> {
  return { QueueUrl: queueUrl(queueNamed(nameInput.parse(input).QueueName, tools).name) };
}

const listInput = z.object({ QueueNamePrefix: z.string().default('') });

async function listQueues(input: unknown, { queues }: QueueTools): Promise<object> {
  const { QueueNamePrefix } = listInput.parse(input);
  const names = [...(queues?.values() ?? [])]
    .map(({ name }) => name)
    .filter((name) => name.startsWith(QueueNamePrefix));
  return names.length === 0 ? {} : { QueueUrls: names.toSorted().map(queueUrl) };
}
