import { answerTarget, type AwsJsonTools } from '../../local/aws/aws-json.ts';
import type { AwsAnswer, AwsRequest } from './aws-clients.ts';
import type { Request } from './wire.ts';

/** As a story and the plans of faults call them. */
const NAMES: Readonly<Record<string, string>> = {
  AWSStepFunctions: 'StepFunctions',
  AWSEvents: 'EventBridge',
  secretsmanager: 'SecretsManager',
  AmazonSQS: 'SQS',
};

/** A call of AWS' JSON protocols. Undefined if the request is none: then it is S3's. */
export function jsonRequest(request: AwsRequest, tools: AwsJsonTools): Request<AwsAnswer> | undefined {
  const target = request.headers['x-amz-target'];
  if (target === undefined) return undefined;
  const [protocol = '', operation = ''] = target.split('.');
  return {
    name: `${NAMES[protocol] ?? protocol} ${operation}`,
    trouble: troubleOf,
    effect: async () => {
      const { status, body } = await answerTarget(target, JSON.parse(textOf(request.body)), tools);
      // Not a refusal but a bug, of this endpoint or of the caller.
      if (status >= 500) throw new Error(`${target} is answered ${JSON.stringify(body)}`);
      return answered(status, body);
    },
  };
}

function troubleOf(status: number, code: string): AwsAnswer {
  if (code !== 'partial')
    return answered(status, {
      __type: code === 'SlowDown' ? 'ThrottlingException' : 'InternalServerError',
      message: code,
    });
  const refused = { ErrorCode: 'ThrottlingException', ErrorMessage: 'slow down' };
  return answered(200, { FailedEntryCount: 1, Entries: [refused] });
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
