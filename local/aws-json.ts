import type { IncomingMessage, ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import * as z from 'zod';
import { type EventEnvelope, envelope } from './event-bus.ts';
import { type Execution, type Machine, StepFunctionsError } from './machine.ts';
import { jsonIn } from '../functions/shared/json-in.ts';
import { errorOf } from '../functions/shared/error-of.ts';

export interface AwsJsonTools {
  readonly machine: Machine;
  readonly machineArn: string;
  /** Resolves when the event is accepted for good. */
  readonly putEvent: (bus: string, event: EventEnvelope) => Promise<void>;
  /** The value of each secret, by its ARN. */
  readonly secrets: ReadonlyMap<string, string>;
  /** The access key id of the functions: nobody else reads a secret. @default anybody does */
  readonly secretsOnlyFor?: string | undefined;
}

type Operation = (input: unknown, tools: AwsJsonTools, accessKeyId: string | undefined) => Promise<object>;

/** A refusal of one of these services. */
class ServiceError extends Error {
  override readonly name: string;
  readonly status: number;

  constructor(name: string, message: string, status = 400) {
    super(message);
    this.name = name;
    this.status = status;
  }
}

/** The calls that the functions and the operators make, by their `X-Amz-Target`. */
const operations: Readonly<Record<string, Operation>> = {
  'AWSStepFunctions.StartExecution': startExecution,
  'AWSStepFunctions.DescribeExecution': async (input, { machine }) =>
    described(machine.describe(executionInput.parse(input).executionArn)),
  'AWSStepFunctions.ListExecutions': listExecutions,
  'AWSStepFunctions.StopExecution': stopExecution,
  'AWSEvents.PutEvents': putEvents,
  'secretsmanager.GetSecretValue': getSecretValue,
};

/** Answers a request of AWS' JSON protocols: Step Functions, EventBridge and Secrets Manager. */
export async function answerJson(
  target: string,
  request: IncomingMessage,
  response: ServerResponse,
  tools: AwsJsonTools,
): Promise<void> {
  try {
    const operation = operations[target];
    if (!operation)
      throw new ServiceError(
        'NotImplemented',
        `the local AWS endpoint does not know ${target}; it knows ${Object.keys(operations).join(', ')}`,
        501,
      );
    send(response, 200, await operation(await json(request), tools, accessKeyIdIn(request)));
  } catch (error) {
    const { name, message } =
      error instanceof z.ZodError
        ? { name: 'ValidationException', message: z.prettifyError(error) }
        : errorOf(error);
    const status =
      error instanceof ServiceError
        ? error.status
        : error instanceof StepFunctionsError || error instanceof z.ZodError
          ? 400
          : 500;
    send(response, status, { __type: name, message });
  } finally {
    request.resume();
  }
}

/** Nothing is signed here for real; the id tells who signed. */
function accessKeyIdIn({ headers }: IncomingMessage): string | undefined {
  return /Credential=([^/]+)\//.exec(headers.authorization ?? '')?.[1];
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
}

const startInput = z.object({
  stateMachineArn: z.string(),
  name: z.string(),
  input: z.string().default('{}'),
});

async function startExecution(input: unknown, { machine, machineArn }: AwsJsonTools): Promise<object> {
  const { stateMachineArn, name, input: document } = startInput.parse(input);
  if (stateMachineArn !== machineArn)
    throw new ServiceError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${stateMachineArn}'`);
  const { executionArn, startDate } = await machine.start(name, document);
  return { executionArn, startDate: startDate / 1000 };
}

const executionInput = z.object({ executionArn: z.string() });

function described({ announced: _, ...execution }: Execution) {
  const { startDate, stopDate, ...rest } = execution;
  return {
    ...rest,
    startDate: startDate / 1000,
    ...(stopDate !== undefined && { stopDate: stopDate / 1000 }),
  };
}

const listInput = z.object({
  statusFilter: z.string().optional(),
  maxResults: z.number().int().min(1).max(1000).default(100),
  nextToken: z.string().default('0'),
});

async function listExecutions(input: unknown, { machine }: AwsJsonTools): Promise<object> {
  const { statusFilter, maxResults, nextToken } = listInput.parse(input);
  const all = machine.list().filter(({ status }) => statusFilter === undefined || status === statusFilter);
  const from = Number(nextToken);
  const executions = all.slice(from, from + maxResults).map((execution) => {
    const { input: _in, output: _out, error: _error, cause: _cause, ...summary } = described(execution);
    return summary;
  });
  return { executions, ...(from + maxResults < all.length && { nextToken: String(from + maxResults) }) };
}

const stopInput = executionInput.extend({ error: z.string().optional(), cause: z.string().optional() });

async function stopExecution(input: unknown, { machine }: AwsJsonTools): Promise<object> {
  const { executionArn, error, cause } = stopInput.parse(input);
  const { stopDate = Date.now() } = await machine.stop(executionArn, error, cause);
  return { stopDate: stopDate / 1000 };
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

async function putEvents(input: unknown, { putEvent }: AwsJsonTools): Promise<object> {
  const entries: object[] = [];
  for (const { Source, DetailType, Detail, EventBusName, Resources } of putInput.parse(input).Entries) {
    const detail = jsonIn(Detail);
    if (detail === undefined) {
      entries.push({ ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' });
      continue;
    }
    const event = envelope(Source, DetailType, detail, Resources);
    await putEvent(EventBusName.slice(EventBusName.lastIndexOf('/') + 1), event);
    entries.push({ EventId: event.id });
  }
  return { FailedEntryCount: entries.filter((entry) => 'ErrorCode' in entry).length, Entries: entries };
}

const secretInput = z.object({ SecretId: z.string() });

async function getSecretValue(
  input: unknown,
  { secrets, secretsOnlyFor }: AwsJsonTools,
  accessKeyId: string | undefined,
): Promise<object> {
  const { SecretId } = secretInput.parse(input);
  if (secretsOnlyFor !== undefined && secretsOnlyFor !== accessKeyId) {
    throw new ServiceError(
      'AccessDeniedException',
      'only the functions of this run may read the real credentials',
    );
  }
  const value = secrets.get(SecretId);
  if (value === undefined)
    throw new ServiceError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
  return { ARN: SecretId, Name: SecretId, SecretString: value, VersionStages: ['AWSCURRENT'] };
}
