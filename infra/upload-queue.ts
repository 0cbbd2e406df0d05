import { Duration } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { type IQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

export interface UploadQueueProps {
  readonly uploadBucket: IBucket;
}

/** What waits for somebody waits for as long as SQS keeps anything. */
export const keptLong = { retentionPeriod: Duration.days(14), enforceSSL: true };

/** Every object created in the upload bucket, waiting for its turn. Holds ten thousand as calmly as ten. */
export class UploadQueue extends Construct {
  readonly queue: IQueue;
  readonly deadLetters: IQueue;

  constructor(scope: Construct, id: string, { uploadBucket }: UploadQueueProps) {
    super(scope, id);
    this.deadLetters = new Queue(this, 'DeadLetters', keptLong);
    this.queue = new Queue(this, 'Queue', {
      ...keptLong,
      // A minute more than SubmitJob may run.
      visibilityTimeout: Duration.minutes(6),
      // A message that waits for credits or a free slot returns often; that alone must never bury it.
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: 1000 },
    });
    new Rule(this, 'UploadCreated', {
      description: 'Every object created in the upload bucket',
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: { bucket: { name: [uploadBucket.bucketName] } },
      },
      targets: [new SqsQueue(this.queue, { deadLetterQueue: this.deadLetters })],
    });
  }

  /** One upload at a time, a few side by side: what waits beyond that costs nothing. */
  feed(submitJob: IFunction, maxConcurrency: number): void {
    submitJob.addEventSource(
      new SqsEventSource(this.queue, { batchSize: 1, maxConcurrency, reportBatchItemFailures: true }),
    );
  }
}
