import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { normalizeAwsErrors, normalizeS3Errors } from '../platform/aws-errors.ts';
import type { Clients } from '../platform/clients.ts';
import type { Clock } from '../platform/clock.ts';
import { type Env, readList } from '../platform/env.ts';
import { createJsonStore } from '../platform/json-store.ts';
import { lambdaTelemetry } from '../platform/observability.ts';
import { readIgnored } from '../run/ignored.ts';
import { createRecordStore } from '../run/record.ts';
import type { Surroundings } from '../run/runs.ts';

export const SWEEP_ENV = [
  'UPLOAD_BUCKET',
  'MORE_UPLOAD_BUCKETS',
  'ASSET_BUCKET',
  'STATE_MACHINE_ARN',
  'IGNORED',
  'UPLOADS_QUEUE_URL',
  'UPLOADS_DEAD_LETTERS_URL',
  'FAILURE_REPORTS_QUEUE_URL',
  'FAILURE_REPORTS_DEAD_LETTERS_URL',
] as const;
export type SweepEnv = Env<(typeof SWEEP_ENV)[number]>;

/** Everything that a sweep needs. `remainingMs`: milliseconds left of this invocation. */
export type Sweeping = ReturnType<typeof createSweeping> & { readonly remainingMs: () => number };

/** Everything that a sweep needs, except for the time of one invocation. */
export function createSweeping(
  env: SweepEnv,
  { s3, sfn, sqs }: Clients<'s3' | 'sfn' | 'sqs'>,
  clock: Clock,
  { telemetry = lambdaTelemetry }: Surroundings = {},
) {
  const documents = createJsonStore(normalizeS3Errors(s3), env.ASSET_BUCKET);
  return {
    s3,
    sfn: normalizeAwsErrors(sfn),
    sqs: normalizeAwsErrors(sqs),
    documents,
    records: createRecordStore(documents),
    uploadBucket: env.UPLOAD_BUCKET,
    moreUploadBuckets: readList(env, 'MORE_UPLOAD_BUCKETS'),
    stateMachineArn: env.STATE_MACHINE_ARN,
    ignored: readIgnored(env),
    queueUrls: {
      uploads: env.UPLOADS_QUEUE_URL,
      deadUploads: env.UPLOADS_DEAD_LETTERS_URL,
      reports: env.FAILURE_REPORTS_QUEUE_URL,
      deadReports: env.FAILURE_REPORTS_DEAD_LETTERS_URL,
    },
    clock,
    telemetry,
  };
}

/** What the sweep needs to know about the uploads queue. */
export interface QueueState {
  /** Milliseconds since 1970. About the time when this deployment began. */
  readonly createdAt: number;
  /** Whether it holds messages, waiting or in flight. */
  readonly isBehind: boolean;
}

/** Puts an upload or a report back into its queue. */
export async function putBack(
  queueUrl: string,
  body: string,
  { sqs, telemetry: { log, count } }: Sweeping,
): Promise<void> {
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body }));
  count('PutBack', 1);
  log.warn('put back into its queue', { queueUrl });
}
