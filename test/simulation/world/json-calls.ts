import { answerTarget, type AwsJsonTools } from '../../../local/aws/aws-json.ts';
import type { AwsAnswer, AwsRequest } from './aws-clients.ts';
import type { Request } from './wire.ts';

/** The names in stories and fault plans. */
const NAMES: Readonly<Record<string, string>> = {
  AWSStepFunctions: 'StepFunctions',
  AWSEvents: 'EventBridge',
  secretsmanager: 'SecretsManager',
  AmazonSQS: 'SQS',
};

/** Creates a request of the AWS JSON protocols. Returns undefined for an S3 request. */
export function jsonRequest(
  request: AwsRequest,
  tools: AwsJsonTools,
  functionName: string,
): Request<AwsAnswer> | undefined {
  const target = request.headers['x-amz-target'];
  if (target === undefined) return undefined;
  const [protocol = '', operation = ''] = target.split('.');
  return {
    name: `${NAMES[protocol] ?? protocol} ${operation}`,
    trouble: troubleOf,
    effect: async () => {
      const { status, body } = await answerTarget(target, JSON.parse(textOf(request.body)), tools, { functionName });
      // This is not a refusal but a bug in the endpoint or in the caller.
      if (status >= 500) throw new Error(`${target} gets the answer ${JSON.stringify(body)}`);
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
