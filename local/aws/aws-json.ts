import type { IncomingMessage, ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import * as z from 'zod';
import { type EventTools, putEvents } from './events/event-calls.ts';
import { queueCalls, type QueueTools } from './sqs/queue-calls.ts';
import { getSecretValue, type SecretTools } from './secrets/secret-calls.ts';
import { ServiceError } from './service-error.ts';
import { stateCalls, type StateTools } from './states/state-calls.ts';
import { toError } from '../../functions/platform/errors.ts';

export interface AwsJsonTools extends StateTools, EventTools, SecretTools, QueueTools {}

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
  accessKeyId?: string,
): Promise<JsonAnswer> {
  try {
    const call = calls[target];
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
): Promise<void> {
  const { status, body } = await json(request).then(
    (input) => answerTarget(target, input, tools, accessKeyIdIn(request)),
    refusalOf,
  );
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
}

/** Signatures are not checked. The access key ID tells which caller signed the request. */
function accessKeyIdIn({ headers }: IncomingMessage): string | undefined {
  return /Credential=([^/]+)\//.exec(headers.authorization ?? '')?.[1];
}
