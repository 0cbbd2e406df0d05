import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { normalizeAwsErrors } from '../platform/aws-errors.ts';
import type { Clients } from '../platform/clients.ts';
import type { Clock } from '../platform/clock.ts';
import { readList } from '../platform/env.ts';
import type { Handle } from '../platform/observability.ts';
import type { Surroundings } from '../run/runs.ts';
import { consumeQueue } from './consume-queue.ts';
import { createSubmission, type SubmitJobEnv } from './submission.ts';
import { submitUpload } from './submit-upload.ts';

/** Submits the uploads in the queue. SQS delivers a message again if this fails. */
export function createSubmitJob(
  env: SubmitJobEnv,
  clients: Clients<'s3' | 'events' | 'sfn' | 'sqs' | 'secrets' | 'fetch'>,
  clock: Clock,
  surroundings: Surroundings = {},
): Handle<SQSEvent, SQSBatchResponse> {
  const submission = createSubmission(env, clients, clock, surroundings);
  const queue = {
    sqs: normalizeAwsErrors(clients.sqs),
    url: env.UPLOADS_QUEUE_URL,
    ignorePrefixes: readList(env, 'IGNORE_PREFIXES'),
    clock,
    telemetry: submission.telemetry,
  };
  return (event, context) => {
    const remainingMs = () => context.getRemainingTimeInMillis();
    return consumeQueue(event, queue, (upload) => submitUpload(upload, { ...submission, remainingMs }));
  };
}
