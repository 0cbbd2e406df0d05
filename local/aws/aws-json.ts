import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import { type EventTools, putEvents } from './events/event-calls.ts';
import type { Gatekeeper } from './iam/gatekeeper.ts';
import { queueCalls, type QueueTools } from './sqs/queue-calls.ts';
import { getSecretValue, type SecretTools } from './secrets/secret-calls.ts';
import { ServiceError } from './service-error.ts';
import { stateCalls, type StateTools } from './states/state-calls.ts';
import { toError } from '../../functions/platform/errors.ts';

export interface AwsJsonTools extends StateTools, EventTools, SecretTools, QueueTools {
  /** Enforces the policies of functions. @default everything is allowed */
  readonly gatekeeper?: Gatekeeper;
}

/** Who calls: a function of the template, or anybody else. */
export interface Caller {
  readonly functionName?: string | undefined;
  readonly accessKeyId?: string | undefined;
}

type Call = (input: unknown, tools: AwsJsonTools, accessKeyId: string | undefined) => Promise<object>;

/** The calls that the functions and the operator commands make, keyed by `X-Amz-Target`. */
const calls: Readonly<Record<string, Call>> = {
  ...stateCalls,
  ...queueCalls,
  'AWSEvents.PutEvents': putEvents,
  'secretsmanager.GetSecretValue': getSecretValue,
};

/** The answer to one call. */
export interface JsonAnswer {
  readonly status: number;
  readonly body: object;
}

/**
 * Answers one call of the AWS JSON protocols: Step Functions, SQS, EventBridge, and Secrets Manager. Needs no socket,
 * so any transport can carry the call. Never throws: an error becomes an answer with a `__type`.
 */
export async function answerTarget(
  target: string,
  input: unknown,
  tools: AwsJsonTools,
  { functionName, accessKeyId }: Caller = {},
): Promise<JsonAnswer> {
  try {
    const denied = functionName === undefined ? undefined : tools.gatekeeper?.json(functionName, target, input);
    if (denied !== undefined) throw new ServiceError('AccessDeniedException', denied, 400);
    const call = Object.hasOwn(calls, target) ? calls[target] : undefined;
    if (!call)
      throw new ServiceError(
        'NotImplemented',
        `the local AWS endpoint does not support ${target}; it supports ${Object.keys(calls).join(', ')}`,
        501,
      );
    return { status: 200, body: await call(input, tools, accessKeyId) };
  } catch (error) {
    return refusalOf(error);
  }
}

function refusalOf(error: unknown): JsonAnswer {
  if (error instanceof z.ZodError)
    return { status: 400, body: { __type: 'ValidationException', message: z.prettifyError(error) } };
  const { name, message } = toError(error);
  return { status: error instanceof ServiceError ? error.status : 500, body: { __type: name, message } };
}

/** Answers an HTTP request that carries such a call. The caller has already read its `X-Amz-Target`. */
export async function answerJson(
  target: string,
  request: IncomingMessage,
  response: ServerResponse,
  tools: AwsJsonTools,
  functionName?: string,
): Promise<void> {
  const { status, body } = await readInput(request).then(
    (input) => answerTarget(target, input, tools, { functionName, accessKeyId: accessKeyIdIn(request) }),
    refusalOf,
  );
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
}

/** Larger than the largest call of any of these services. */
const MAX_INPUT_BYTES = 4_000_000;

async function readInput(request: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > MAX_INPUT_BYTES) throw new ServiceError('RequestEntityTooLarge', 'the call has more than 4 MB', 413);
    pieces.push(piece);
  }
  return JSON.parse(Buffer.concat(pieces).toString()) as unknown;
}

/** Signatures are not checked. The access key ID tells which caller signed the request. */
export function accessKeyIdIn({ headers }: IncomingMessage): string | undefined {
  return /Credential=([^/]+)\//.exec(headers.authorization ?? '')?.[1];
}
