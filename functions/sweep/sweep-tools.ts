import type { S3Client } from '@aws-sdk/client-s3';
import type { SFNClient } from '@aws-sdk/client-sfn';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { AnswerTools } from '../run/conclude.ts';
import type { Log } from '../platform/observability.ts';

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
