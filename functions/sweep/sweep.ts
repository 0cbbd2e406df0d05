import type { S3Client } from '@aws-sdk/client-s3';
import type { SFNClient } from '@aws-sdk/client-sfn';
import { GetQueueAttributesCommand, type QueueAttributeName, type SQSClient } from '@aws-sdk/client-sqs';
import type { AnswerTools } from '../shared/answer.ts';
import { errorOf } from '../shared/error-of.ts';
import type { Log } from '../shared/observed.ts';
import { reportDeadReports, returnDeadUploads } from './dead-letters.ts';
import { walkUploads } from './walk-uploads.ts';

export interface SweepTools extends AnswerTools {
  readonly s3: S3Client;
  readonly sfn: SFNClient;
  readonly sqs: SQSClient;
  readonly uploadBucket: string;
  readonly stateMachineArn: string;
  readonly ignorePrefixes: readonly string[];
  readonly queueUrls: {
    readonly uploads: string;
    readonly deadUploads: string;
    readonly deadReports: string;
  };
  /** Milliseconds left of this invocation. */
  readonly remainingMs: () => number;
  readonly log: Log;
}

/** The uploads queue, as far as the sweep has to know it. */
export interface QueueState {
  /** Milliseconds since 1970; about when this deployment began to listen. */
  readonly createdAt: number;
  /** Whether there are messages in it, waiting or held. */
  readonly isBehind: boolean;
}

/**
 * Puts back on its way what was lost there, or reports it: dead letters, uploads whose event never came, runs that stand
 * still, answers that were cut short. Safe to repeat and beside everything else: it pays for nothing, and SubmitJob, to
 * which it hands uploads, reads the record before anything else.
 */
export async function sweep(tools: SweepTools): Promise<void> {
  const walk = async () => await walkUploads(await queueState(tools), tools);
  const parts = Object.entries({ returnDeadUploads, reportDeadReports, walk });
  let failed: unknown;
  for (const [name, part] of parts) {
    // One queue that can not be read is no reason to leave the rest lying.
    await part(tools).catch((error: unknown) => {
      tools.log.error('a part of the sweep failed', { part: name, error: errorOf(error) });
      failed = error;
    });
  }
  if (failed !== undefined) throw failed;
}

const ATTRIBUTES: QueueAttributeName[] = [
  'CreatedTimestamp',
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
];

async function queueState({ sqs, queueUrls }: SweepTools): Promise<QueueState> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrls.uploads, AttributeNames: ATTRIBUTES }),
  );
  const [createdAt = 0, waiting = 0, held = 0] = ATTRIBUTES.map((name) => Number(Attributes[name] ?? 0));
  return { createdAt: createdAt * 1000, isBehind: waiting + held > 0 };
}
