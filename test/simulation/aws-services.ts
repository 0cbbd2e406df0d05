import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { AwsAnswer, AwsRequest } from './aws-clients.ts';
import { receiptHandleOf, type Queue } from './queue.ts';
import type { Request } from './wire.ts';
import type { World } from './world.ts';

type Service = (input: unknown, world: World) => object;

/** A refusal, by the name that the service gives it. */
class Refused extends Error {
  override readonly name = 'Refused';
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** The calls that functions make in AWS' JSON protocols. One more is one more line. */
const SERVICES: Readonly<Record<string, Service>> = {
  'AWSStepFunctions.StartExecution': startExecution,
  'AWSStepFunctions.DescribeExecution': describeExecution,
  'AWSEvents.PutEvents': putEvents,
  'secretsmanager.GetSecretValue': getSecretValue,
  'AmazonSQS.SendMessage': sendMessage,
  'AmazonSQS.ReceiveMessage': receiveMessage,
  'AmazonSQS.DeleteMessage': deleteMessage,
  'AmazonSQS.ChangeMessageVisibility': changeMessageVisibility,
  'AmazonSQS.GetQueueAttributes': getQueueAttributes,
};

const NAMES: Readonly<Record<string, string>> = {
  AWSStepFunctions: 'StepFunctions',
  AWSEvents: 'EventBridge',
  secretsmanager: 'SecretsManager',
  AmazonSQS: 'SQS',
};

/** Undefined when the request is none of these protocols: then it is S3's. */
export function jsonRequest(request: AwsRequest, world: World): Request<AwsAnswer> | undefined {
  const target = request.headers['x-amz-target'];
  if (target === undefined) return undefined;
  const [protocol = '', operation = ''] = target.split('.');
  return {
    name: `${NAMES[protocol] ?? protocol} ${operation}`,
    trouble: (status, code) =>
      code === 'partial'
        ? answered(200, {
            FailedEntryCount: 1,
            Entries: [{ ErrorCode: 'ThrottlingException', ErrorMessage: 'slow down' }],
          })
        : answered(status, {
            __type: code === 'SlowDown' ? 'ThrottlingException' : 'InternalServerError',
            message: code,
          }),
    effect: async () => {
      const service = SERVICES[target];
      if (!service) throw new Error(`the simulation does not know ${target}`);
      try {
        return answered(200, service(JSON.parse(textOf(request.body)), world));
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        return answered(400, { __type: error.code, message: error.code });
      }
    },
  };
}

function textOf(body: unknown): string {
  return body instanceof Uint8Array ? new TextDecoder().decode(body) : String(body);
}

function answered(statusCode: number, body: object): AwsAnswer {
  return {
    statusCode,
    headers: { 'content-type': 'application/x-amz-json-1.0' },
    body: Buffer.from(JSON.stringify(body)),
  };
}

const start = z.object({ stateMachineArn: z.string(), name: z.string(), input: z.string() });

function startExecution(input: unknown, { machine }: World): object {
  const { stateMachineArn, name, input: document } = start.parse(input);
  if (stateMachineArn !== machine.arn) throw new Refused('StateMachineDoesNotExist');
  const execution = machine.start(name, document);
  if (execution === 'ExecutionAlreadyExists') throw new Refused(execution);
  return { executionArn: execution.executionArn, startDate: execution.startDate / 1000 };
}

function describeExecution(input: unknown, { machine }: World): object {
  const execution = machine.describe(z.object({ executionArn: z.string() }).parse(input).executionArn);
  if (!execution) throw new Refused('ExecutionDoesNotExist');
  const { startDate, stopDate, ...told } = execution;
  return {
    ...told,
    startDate: startDate / 1000,
    ...(stopDate !== undefined && { stopDate: stopDate / 1000 }),
  };
}

const put = z.object({
  Entries: z.array(
    z.object({
      Source: z.string(),
      DetailType: z.string(),
      Detail: z.string(),
      EventBusName: z.string().default('default'),
    }),
  ),
});

function putEvents(input: unknown, { bus }: World): object {
  const ids = put.parse(input).Entries.map(({ Source, DetailType, Detail, EventBusName }) =>
    bus.put(EventBusName, {
      source: Source,
      'detail-type': DetailType,
      detail: JSON.parse(Detail) as object,
    }),
  );
  return { FailedEntryCount: 0, Entries: ids.map((EventId) => ({ EventId })) };
}

function getSecretValue(input: unknown, { secret }: World): object {
  const { SecretId } = z.object({ SecretId: z.string() }).parse(input);
  return { ARN: SecretId, Name: SecretId, SecretString: JSON.stringify(secret) };
}

const queued = z.object({
  QueueUrl: z.string(),
  MessageBody: z.string().default(''),
  ReceiptHandle: z.string().default(''),
  VisibilityTimeout: z.number().optional(),
  MaxNumberOfMessages: z.number().default(1),
});

function queueOf({ QueueUrl }: z.infer<typeof queued>, { queues }: World): Queue {
  const queue = [...queues.values()].find(({ url }) => url === QueueUrl);
  if (!queue) throw new Refused('QueueDoesNotExist');
  return queue;
}

function sendMessage(input: unknown, world: World): object {
  const parsed = queued.parse(input);
  queueOf(parsed, world).send(parsed.MessageBody);
  return { MessageId: 'sent', MD5OfMessageBody: md5Of(parsed.MessageBody) };
}

function receiveMessage(input: unknown, world: World): object {
  const parsed = queued.parse(input);
  const queue = queueOf(parsed, world);
  const Messages: object[] = [];
  while (Messages.length < parsed.MaxNumberOfMessages) {
    const message = queue.receive({ hiddenSeconds: parsed.VisibilityTimeout });
    if (!message) break;
    Messages.push({
      MessageId: message.messageId,
      ReceiptHandle: receiptHandleOf(message),
      Body: message.body,
      MD5OfBody: md5Of(message.body),
    });
  }
  return Messages.length === 0 ? {} : { Messages };
}

/** The client checks it, and throws away what does not fit. */
function md5Of(body: string): string {
  return createHash('md5').update(body).digest('hex');
}

function deleteMessage(input: unknown, world: World): object {
  const parsed = queued.parse(input);
  queueOf(parsed, world).delete(parsed.ReceiptHandle);
  return {};
}

function changeMessageVisibility(input: unknown, world: World): object {
  const parsed = queued.parse(input);
  if (!queueOf(parsed, world).hide(parsed.ReceiptHandle, parsed.VisibilityTimeout ?? 0))
    throw new Refused('InvalidParameterValueException');
  return {};
}

function getQueueAttributes(input: unknown, world: World): object {
  const queue = queueOf(queued.parse(input), world);
  const messages = queue.messages();
  const visible = messages.filter((message) => queue.isVisible(message)).length;
  return {
    Attributes: {
      ApproximateNumberOfMessages: String(visible),
      ApproximateNumberOfMessagesNotVisible: String(messages.length - visible),
      CreatedTimestamp: String(Math.floor(queue.createdAt / 1000)),
      QueueArn: queue.arn,
    },
  };
}
