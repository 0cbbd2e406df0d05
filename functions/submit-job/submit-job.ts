import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { normalizeAwsErrors } from '../platform/aws-errors.ts';
import type { InspectImage } from '../images/inspect-image.ts';
import type { Clients } from '../platform/clients.ts';
import type { Clock } from '../platform/clock.ts';
import type { Handle } from '../platform/observability.ts';
import { readIgnored } from '../run/ignored.ts';
import type { Surroundings } from '../run/runs.ts';
import { consumeQueue } from './consume-queue.ts';
import { createSubmission, type SubmitJobEnv } from './submission.ts';
import { submitUpload } from './submit-upload.ts';

export type SubmitJobClients = Clients<'s3' | 'events' | 'sfn' | 'sqs' | 'secrets' | 'fetch'> & {
  readonly inspect: InspectImage;
};

/** Submits the uploads in the queue. SQS delivers a message again if this fails. */
export function createSubmitJob(
  env: SubmitJobEnv,
  clients: SubmitJobClients,
  clock: Clock,
  surroundings: Surroundings = {},
): Handle<SQSEvent, SQSBatchResponse> {
  const submission = createSubmission(env, clients, clock, surroundings);
  const queue = {
    sqs: normalizeAwsErrors(clients.sqs),
    url: env.UPLOADS_QUEUE_URL,
    ignored: readIgnored(env),
    clock,
    telemetry: submission.telemetry,
  };
  return (event, context) => {
    const remainingMs = () => context.getRemainingTimeInMillis();
    return consumeQueue(event, queue, (upload) => submitUpload(upload, { ...submission, remainingMs }));
  };
}
