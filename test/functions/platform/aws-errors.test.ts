import { createServer } from 'node:http';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { normalizeAwsErrors } from '../../../functions/platform/aws-errors.ts';

/** The name of the error that a read ends with, when S3 answers like this. */
async function errorNameFor(status: number | 'reset', code = ''): Promise<string> {
  const server = createServer((_, response) => {
    if (status === 'reset') return response.destroy();
    return response.writeHead(status, { 'content-type': 'application/xml' }).end(`<Error><Code>${code}</Code></Error>`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };
  const s3 = normalizeAwsErrors(
    new S3Client({ endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', credentials, maxAttempts: 1 }),
  );
  onTestFinished(() => s3.destroy());
  return await s3.send(new GetObjectCommand({ Bucket: 'b', Key: 'k' })).then(
    () => 'none',
    (error: unknown) => (error instanceof Error ? error.name : 'no error'),
  );
}

describe('a fault of AWS', () => {
  test.each([
    [500, 'InternalError'],
    [503, 'SlowDown'],
    [429, 'TooManyRequestsException'],
    [400, 'ThrottlingException'],
    ['reset', ''],
  ] as const)('answered with %s %s has the one name that is retried', async (status, code) => {
    expect(await errorNameFor(status, code)).toBe('AwsUnavailableError');
  });

  test.each([
    [404, 'NoSuchKey'],
    [412, 'PreconditionFailed'],
    [409, 'ConditionalRequestConflict'],
    [403, 'AccessDenied'],
  ] as const)('is not told by %s %s, which keeps its name', async (status, code) => {
    expect(await errorNameFor(status, code)).toBe(code);
  });
});
