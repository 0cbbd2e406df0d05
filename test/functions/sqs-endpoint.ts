import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SQSClient } from '@aws-sdk/client-sqs';
import { onTestFinished } from 'vitest';
import { answerJson, type AwsJsonTools } from '../../local/aws/aws-json.ts';
import { systemClock } from '../../local/aws/clock.ts';
import { createMemoryFiles } from '../../local/files/durable-files.ts';
import { openQueue } from '../../local/aws/sqs/queue.ts';
import { queueUrl } from '../../local/aws/sqs/queue-calls.ts';

/** The local queues with the real client before them, for one test. */
export async function openSqs(now: () => number) {
  const open = (name: string) =>
    openQueue({
      arn: `arn:aws:sqs:us-east-1:000000000000:${name}`,
      files: createMemoryFiles(),
      clock: { ...systemClock, now },
      newId: randomUUID,
      visibilityTimeoutMs: 360_000,
      retentionMs: 14 * 86_400_000,
      speed: 1,
    });
  const uploads = await open('Uploads');
  const deadUploads = await open('DeadUploads');
  const reports = await open('Reports');
  const deadReports = await open('DeadReports');
  const queues = new Map([uploads, deadUploads, reports, deadReports].map((queue) => [queue.arn, queue]));
  // As the S3 endpoint: nobody retries when a busy machine takes its time between two calls.
  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    const target = String(request.headers['x-amz-target']);
    void answerJson(target, request, response, { queues } as unknown as AwsJsonTools);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const sqs = new SQSClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    useQueueUrlAsEndpoint: false,
    maxAttempts: 1,
  });
  onTestFinished(() => {
    sqs.destroy();
    server.closeAllConnections();
    server.close();
    for (const queue of queues.values()) queue.close();
  });
  const queueUrls = {
    uploads: queueUrl('Uploads'),
    deadUploads: queueUrl('DeadUploads'),
    reports: queueUrl('Reports'),
    deadReports: queueUrl('DeadReports'),
  };
  return { sqs, queueUrls, uploads, deadUploads, reports, deadReports };
}
